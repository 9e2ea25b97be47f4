import Accounting
import Pricing
import StreamClient

/// A conversation: each question is asked, its answer shown as it comes, and what it used kept.
struct ChatSession {
    /// Over which of the two an answer comes.
    enum Transport: Sendable {
        case streaming(StreamingChat)
        case webSocket(WebSocketChat)

        func ask(_ question: ChatQuestion, _ listener: ChatListener) async -> ChatOutcome {
            switch self {
            case .streaming(let chat): await chat.ask(question, listener)
            case .webSocket(let chat): await chat.ask(question, listener)
            }
        }
    }

    private(set) var model: String
    /// Throws for a model that cannot be asked here.
    private let admit: @Sendable (String) throws -> Void
    private let transport: Transport
    private let maximumTokens: Int64?
    private let recording: RawRecording?
    private let interrupts: Interrupts
    private let clock: ChatClock
    private(set) var ledger: ChatLedger
    private var messages: [ChatMessage]

    init(
        model: String, transport: Transport, system: String?, maximumTokens: Int64?,
        recording: RawRecording?, interrupts: Interrupts, clock: ChatClock,
        admit: @escaping @Sendable (String) throws -> Void, ledger: ChatLedger
    ) {
        self.model = model
        self.transport = transport
        self.maximumTokens = maximumTokens
        self.recording = recording
        self.interrupts = interrupts
        self.clock = clock
        self.admit = admit
        self.ledger = ledger
        messages = system.map { [ChatMessage(.system, $0)] } ?? []
    }

    /// Asks another model from now on. Throws, and stays with the one before, where it cannot be.
    mutating func choose(model: String) throws {
        try admit(model)
        self.model = model
    }

    /// What ended an answer, if anything did.
    struct End {
        var failure: ChatError?
        var signal: Int32?
        var isPipeClosed = false
    }

    /// Throws where what was used cannot be kept; all else is how it ended.
    mutating func ask(_ prompt: String) async throws -> End {
        let question = ChatQuestion(
            model: model, messages: messages + [ChatMessage(.user, prompt)],
            maximumTokens: maximumTokens)
        let id = EventID(mintedAt: clock.now())
        let screen = ChatScreen()
        let recorded = try recording?.file(
            named: id.text, ending: isWebSocket ? "ndjson" : "stream")
        let separator: [UInt8] = isWebSocket ? [0x0A] : []
        let listener = ChatListener(
            text: { try screen.show($0) },
            bytes: { bytes in
                try recorded?.write(bytes)
                try separator.withUnsafeBytes { try recorded?.write($0) }
            },
            note: { Terminal.note("note: \($0)") })
        var end = try await interrupts.during { [transport] in
            await transport.ask(question, listener)
        } keep: { outcome in
            screen.endLine()
            keepTurn(prompt, outcome)
            if outcome.mayBeCharged {
                Terminal.note(try ledger.keep(outcome, id: id, modelAsked: model))
            }
            return End(
                failure: outcome.failure.map {
                    .failed($0, isChargedForNothing: outcome.mayBeCharged && outcome.text.isEmpty)
                }, isPipeClosed: screen.isPipeClosed)
        }
        end.signal = interrupts.received
        return end
    }

    /// Tells the model something besides: at once over a WebSocket, else with the next question.
    mutating func add(context text: String) async throws {
        let message = ChatMessage(.system, text)
        switch transport {
        case .streaming: messages.append(message)
        case .webSocket(let chat):
            do throws(StreamError) {
                try await chat.update([message])
            } catch {
                throw ChatError.failed(.stream(error), isChargedForNothing: false)
            }
        }
    }

    func close() async {
        if case .webSocket(let chat) = transport { await chat.close() }
    }

    private var isWebSocket: Bool {
        if case .webSocket = transport { true } else { false }
    }

    /// What was said stays said, an answer that was cut too; a question without any answer does not.
    private mutating func keepTurn(_ prompt: String, _ outcome: ChatOutcome) {
        guard !outcome.text.isEmpty else { return }
        messages += [ChatMessage(.user, prompt), ChatMessage(.assistant, outcome.text)]
    }
}
