import Accounting
import Logging
import NIOCore
import NIOHTTP1
import Pricing
import ProviderUsage
import StreamClient

/// What one answer is while it passes: its usage, what of it is hidden, and where its end is.
struct MeteredAnswer {
    private(set) var status: Int?
    /// Whether it comes piece by piece.
    private(set) var isStream = false
    private(set) var bytes = 0
    private(set) var firstTokenMilliseconds: Int64?
    /// Whether the vendor may charge for it, by what it said so far.
    var mayBeCharged = true
    /// Whether it broke off.
    var isCut = false
    /// What the ledger made of it.
    var entry: LedgerEntry?

    private let api: StreamAPI
    private let hidesUsage: Bool
    private var isEvents = false
    private var usage: UsageReader
    private var filter: UsageEventFilter?
    private var decoder: ContentDecoder?
    /// Whether its bytes cannot be read here.
    private var isOpaque = false
    /// Whether the client is one of a WebSocket, which gets the text and not the bytes.
    private let isForMessages: Bool
    /// Whether nothing but the end of the connection ends the body.
    private var isEndedByConnection = false
    /// Whether its event was made.
    private var isTold = false
    /// Of a body whose length upstream told.
    private var missingBytes: Int?
    private var recording: (any RecordedBody)?
    private let id: EventID
    /// The last bytes that passed, which tell whether an event is under way.
    private var endsEvent = true

    init(_ call: RelayCall) {
        api = call.route.api
        hidesUsage = call.hidesUsage
        isForMessages = call.route.path == RelayRoute.webSocket
        usage = UsageReader(api: api, modelAsked: call.model)
        id = call.id
    }

    mutating func begin(_ head: HTTPResponseHead, _ relay: Relay) {
        status = Int(head.status.code)
        mayBeCharged = StreamError.mayBeCharged(status: Int(head.status.code))
        let type = (head.headers.first(name: "content-type") ?? "").lowercased()
        isEvents = type.hasPrefix("text/event-stream")
        isStream = isEvents || type.hasPrefix("application/x-ndjson")
        isEndedByConnection =
            head.version.major < 2 && !head.headers.contains(name: "content-length")
            && !head.headers.contains(name: "transfer-encoding")
        missingBytes = head.headers.first(name: "content-length").flatMap(Int.init)
        let coding = head.headers.first(name: "content-encoding")?.lowercased() ?? "identity"
        if coding != "identity" {
            decoder = ContentDecoder(head)
            isOpaque = decoder == nil
        } else if hidesUsage, isEvents, head.status == .ok {
            filter = UsageEventFilter()
        }
        if let made = relay.recording, mayBeCharged {
            do {
                recording = try made.begin(
                    named: id.text, ending: isEvents ? "sse" : "json")
            } catch {
                relay.logger.warning("a body is not recorded", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Whether the client gets other bytes than upstream sends.
    var isChanged: Bool { filter != nil }

    /// Whether comments may be written between its events: the SDK of Gemini fails on them.
    var takesComments: Bool { isEvents && api != .gemini && decoder == nil && !isOpaque }

    /// What of some bytes passes to the client.
    mutating func read(_ bytes: ByteBuffer, sinceMilliseconds time: Int64) -> ByteBuffer {
        self.bytes += bytes.readableBytes
        if let missing = missingBytes { missingBytes = missing - bytes.readableBytes }
        if let decoder {
            guard let pieces = decoder.decode(bytes) else {
                isOpaque = true
                self.decoder = nil
                return bytes
            }
            for piece in pieces { meter(piece, time) }
            if isForMessages {
                var whole = ByteBuffer()
                for piece in pieces { whole.writeImmutableBuffer(piece) }
                return whole
            }
        } else if !isOpaque, !isTold {
            meter(bytes, time)
        }
        return noting(filter?.pass(bytes) ?? bytes)
    }

    /// What passes, and whether an event ends with it.
    private mutating func noting(_ passed: ByteBuffer) -> ByteBuffer {
        if takesComments, passed.readableBytes > 0 {
            endsEvent = passed.readableBytesView.suffix(2).elementsEqual([0x0A, 0x0A])
        }
        return passed
    }

    private mutating func meter(_ bytes: ByteBuffer, _ time: Int64) {
        bytes.withUnsafeReadableBytes { bytes in
            usage.read(bytes)
            do {
                try recording?.write(bytes)
            } catch {
                recording = nil
            }
        }
        if firstTokenMilliseconds == nil, usage.hasText { firstTokenMilliseconds = time }
    }

    /// The end of the body: what was held back of it.
    mutating func finish() -> ByteBuffer { noting(filter?.finish() ?? ByteBuffer()) }

    /// Whether it ended in the middle, by what its bytes say, where the connection's end is all that
    /// ends it.
    var endsShort: Bool {
        guard isEndedByConnection, !isOpaque, bytes > 0, let status, (200..<300).contains(status)
        else { return false }
        return usage.endsShort
    }

    /// Whether a client of messages gets nothing of it, for nobody here can read it.
    var isUnreadable: Bool { isForMessages && isOpaque }

    var hasFinalUsage: Bool { usage.hasFinalUsage }
    var hasFinishMarker: Bool { usage.hasFinishMarker }
    var isBetweenEvents: Bool { endsEvent }

    /// Whether what came last may be all that a client waits for.
    var holdsBack: Bool {
        mayBeCharged && (usage.hasEndMarker || missingBytes.map { $0 <= 0 } ?? false)
    }

    /// What the ledger keeps of it; `nil` where upstream refused it, and charges nothing.
    mutating func event(_ call: RelayCall, durationMilliseconds: Int64) -> UsageEvent? {
        isTold = true
        let reading = usage.finish(isCut: isCut && !usage.hasFinalUsage)
        guard mayBeCharged || reading.known != .unknown else { return nil }
        return UsageEvent(
            id: call.id, reading,
            UsageEvent.Times(
                start: call.start, durationMilliseconds: durationMilliseconds,
                firstTokenMilliseconds: firstTokenMilliseconds),
            modelAsked: call.model, serviceTierAsked: call.serviceTier, call.attribution)
    }

    /// `: tokenmeter event=… known=reported cost=0.0012USD`
    ///
    /// Behind a last event that lacks its blank line it brings that.
    func comment(on entry: LedgerEntry, in relay: Relay) -> [UInt8] {
        var text = endsEvent ? "" : "\n\n"
        text += ": tokenmeter event=\(entry.event.id.text) known=\(entry.event.known.rawValue)"
        if let cost = relay.rates().book.cost(of: entry) {
            let least = cost.isComplete ? "" : "at-least:"
            let money = cost.settled.money
            text += " cost=\(least)\(money.amountText)\(money.currency.code)"
        }
        return Array((text + "\n\n").utf8)
    }
}
