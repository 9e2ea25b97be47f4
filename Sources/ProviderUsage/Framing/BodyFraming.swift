/// A body of any framing, cut into payloads: the data of server-sent events, or values of JSON. Which
/// it is, its first byte says, behind a byte order mark and white space: no event begins with a
/// bracket.
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
    /// A byte order mark and white space at the start: they are part of an event stream's first line,
    /// and of no JSON.
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

    /// Whether nothing came but what may be the beginning of a body.
    package var isBeginning: Bool {
        switch state {
        case .unknown: false
        case .events(let parser): parser.isPlain
        case .values(let splitter): !splitter.isWhole
        }
    }
    /// Whether the event under way is these data so far: its blank line alone may be missing.
    package func isPending(_ data: StaticString) -> Bool {
        if case .events(let parser) = state { parser.isPending(data) } else { false }
    }

    package mutating func read(
        _ bytes: UnsafeRawBufferPointer, _ payload: (Payload) -> Void
    ) {
        switch state {
        case .unknown:
            guard let first = firstOfBody(bytes) else {
                lead.append(contentsOf: bytes)
                // Empty lines begin nothing, whichever it is; so much else begins no JSON.
                if lead.count > Self.maximumLeadBytes {
                    lead = Array(lead.reversed().prefix { $0 != 0x0A && $0 != 0x0D }.reversed())
                }
                if lead.count > Self.maximumLeadBytes { begin(isJSON: false, payload) }
                return
            }
            let isJSON = bytes[first] == UInt8(ascii: "{") || bytes[first] == UInt8(ascii: "[")
            begin(isJSON: isJSON, payload)
            read(isJSON ? UnsafeRawBufferPointer(rebasing: bytes[first...]) : bytes, payload)
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

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The place of the first byte, behind what led, that is neither a mark at the start nor white
    /// space; `nil` where there is none yet.
    private func firstOfBody(_ bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.indices.first { index in
            let place = lead.count + index
            if place < 3, bytes[index] == Self.byteOrderMark[place] { return false }
            return ![0x20, 0x09, 0x0A, 0x0D].contains(bytes[index])
        }
    }

    private mutating func begin(isJSON: Bool, _ payload: (Payload) -> Void) {
        let lead = lead
        self.lead = []
        guard !isJSON else {
            // Neither the mark nor white space is part of a value.
            return state = .values(JSONValueSplitter())
        }
        state = .events(ServerSentEventParser())
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
