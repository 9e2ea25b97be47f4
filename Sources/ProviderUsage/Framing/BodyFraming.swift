/// A body of any framing, cut into payloads: the data of server-sent events, or values of JSON. Which
/// it is, its first byte says: no event begins with a bracket.
package struct BodyFraming: Sendable {
    package struct Payload {
        package let bytes: UnsafeRawBufferPointer
        /// What the stream calls the event; empty where it does not.
        package let type: UnsafeRawBufferPointer
        package let isUnterminated: Bool
        /// Whether it is one of several, as far as the framing says.
        package let isEvent: Bool
    }

    private enum State: Sendable {
        case unknown
        case events(ServerSentEventParser)
        case values(JSONValueSplitter)
    }

    private var state = State.unknown
    /// White space at the start: it is part of an event stream's first line, and of no JSON.
    private var lead: [UInt8] = []
    private static let maximumLeadBytes = 1 << 10

    package init() {}

    package var isEventStream: Bool { if case .events = state { true } else { false } }
    /// Payloads that were longer than a limit.
    package var oversized: Int {
        switch state {
        case .unknown: 0
        case .events(let parser): parser.oversized
        case .values(let splitter): splitter.oversized
        }
    }
    /// Whether it is one whole document, or a whole array of them.
    package var isWhole: Bool {
        if case .values(let splitter) = state { splitter.isWhole } else { false }
    }
    /// Whether an array was closed, which ends a stream of that form.
    package var isClosedArray: Bool {
        if case .values(let splitter) = state { splitter.isClosed } else { false }
    }

    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ payload: (Payload) -> Void
    ) {
        switch state {
        case .unknown:
            let first = bytes.firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard let first else {
                lead.append(contentsOf: bytes)
                // So much of it begins no JSON that anybody sends.
                if lead.count > Self.maximumLeadBytes { begin(isJSON: false, payload) }
                return
            }
            begin(
                isJSON: bytes[first] == UInt8(ascii: "{") || bytes[first] == UInt8(ascii: "["),
                payload)
            read(bytes, payload)
        case .events(var parser):
            state = .unknown
            parser.read(bytes) { payload(Payload($0)) }
            state = .events(parser)
        case .values(var splitter):
            state = .unknown
            splitter.read(bytes) { payload(Payload(value: $0)) }
            state = .values(splitter)
        }
    }

    private mutating func begin(isJSON: Bool, _ payload: (Payload) -> Void) {
        state = isJSON ? .values(JSONValueSplitter()) : .events(ServerSentEventParser())
        let lead = lead
        self.lead = []
        lead.withUnsafeBytes { read($0, payload) }
    }

    /// The end of the body. Whether something was begun and not ended.
    package mutating func finish(_ payload: (Payload) -> Void) -> Bool {
        switch state {
        case .unknown: return false
        case .events(var parser):
            var hasRest = false
            parser.finish {
                hasRest = true
                payload(Payload($0))
            }
            state = .events(parser)
            return hasRest
        case .values(let splitter): return splitter.hasRest
        }
    }
}

extension BodyFraming.Payload {
    fileprivate init(_ event: ServerSentEvent) {
        self.init(
            bytes: event.data, type: event.type, isUnterminated: event.isUnterminated,
            isEvent: true)
    }

    fileprivate init(value: UnsafeRawBufferPointer) { self.init(value, isEvent: false) }

    /// Of a WebSocket.
    init(message: UnsafeRawBufferPointer) { self.init(message, isEvent: true) }

    private init(_ bytes: UnsafeRawBufferPointer, isEvent: Bool) {
        self.init(
            bytes: bytes, type: UnsafeRawBufferPointer(start: nil, count: 0),
            isUnterminated: false, isEvent: isEvent)
    }
}
