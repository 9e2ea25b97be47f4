import Accounting
import ArgumentParser
import Pricing
import StreamClient

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Ask a model, see its answer as it comes, and keep what it used.",
        usage: "tokenmeter chat --model <model> [<options>] [<prompt>]",
        discussion: """
            Examples:
              tokenmeter chat --model gpt-4.1 --project web "What is a rate line?"
              tokenmeter chat --channel holysheep --model gpt-4.1 --protocol ws
              tokenmeter chat --model claude-sonnet-4-5 < question.txt

            The answer goes to stdout, one line about it to stderr: tokens and how they
            are known, cost, time to first token, and the id of its event in the ledger,
            where it is kept whatever ends the answer. Without a prompt, stdin is one; on
            a terminal it is a conversation then, and /help lists its commands. The key is
            read from the variable that the channel's file names, or from --key-file. See
            Docs/chat.md.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var chat: ChatOptions
    @Argument(help: "What to ask.") var prompt: String?

    func run() async throws {
        guard global.format == .table else {
            throw QuestionError.invalid(
                field: "--format",
                problem: "chat prints the answer itself; tokenmeter ledger export has its event")
        }
        let maximumTokens = try chat.maximumTokens()
        let attributes = try chat.tags()
        let context = try Composition.ledgerWithRates(global)
        let setup = try ChatSetup(chat, context.pricing)
        if setup.endpoint.address.holdsKey {
            Terminal.note(
                "warning: the key in --url is shown to whoever lists this machine's processes; a variable or --key-file keeps it"
            )
        }
        let prompt = try wholePrompt()
        let recording = try chat.record.map(RawRecording.init)
        if let record = chat.record {
            Terminal.note(
                "note: \(record) will hold the content of answers; share it only where they may be read"
            )
        }
        var session = ChatSession(
            model: chat.model, transport: try Composition.transport(setup), system: chat.system,
            maximumTokens: maximumTokens, recording: recording, interrupts: try Interrupts(),
            clock: Composition.chatClock,
            admit: { [chat] in try setup.admit(model: $0, chat, context.pricing) },
            ledger: ChatLedger(
                context,
                UsageEvent.Attribution(
                    channel: setup.channel.id, source: "chat", project: chat.project,
                    user: chat.user, tags: attributes)))
        guard let prompt else { return try await Conversation(session).run() }
        let end = try await session.ask(prompt)
        await session.close()
        if end.isPipeClosed { throw ExitCode(Conversation.closedPipe) }
        if let signal = end.signal { throw ExitCode(128 + signal) }
        if let failure = end.failure { throw failure }
    }

    /// The argument, else what stdin holds; `nil` where somebody at a terminal is to be asked. Behind
    /// an argument stdin is left alone: it may be another's, or never end.
    private func wholePrompt() throws -> String? {
        guard prompt == nil, Terminal.stdinIsTerminal, chat.keyFile != "-" else {
            let text = try prompt ?? (chat.keyFile == "-" ? "" : RateFolder.text(of: "-"))
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw QuestionError.missing(field: "the prompt", wanted: "a prompt: it is empty")
            }
            return text
        }
        return nil
    }
}
