import Accounting
import ArgumentParser

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Keys of the service: who may use it, as which project, within which budget.",
        discussion: """
            Example:
              tokenmeter keys create --project web --models 'gpt-*'
              tokenmeter keys list
            """,
        subcommands: [KeysCreateCommand.self, KeysListCommand.self, KeysRevokeCommand.self])
}

struct KeysCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a key and shows it, this once.",
        usage: "tokenmeter keys create [--project <project>] [<options>]",
        discussion: """
            Example:
              tokenmeter keys create --project web --budget prod --models 'gpt-*' \\
                  --expires 2027-01-01

            Scopes: relay (send requests), read (ask for answers), ingest (put events in),
            admin (all of it, for every project). A key without --scope may relay and
            read.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "What to call it.") var name: String?
    @Option(help: "relay, read, ingest or admin; several by commas, or repeated.")
    var scope: [String] = []
    @Option(help: "Its requests count as this project's, and it sees no other.")
    var project: String?
    @Option(help: "The hard budget that its requests are held to.") var budget: String?
    @Option(help: "Globs of the models that it may ask for; may be repeated.")
    var models: [String] = []
    @Option(help: "The date or RFC 3339 time from which it is refused.") var expires: String?

    func run() throws {
        let question = parameters(
            global,
            [
                "name": list(name), "scope": scope, "project": list(project),
                "budget": list(budget), "models": models, "expires": list(expires),
            ])
        try global.finish(try Composition.keys(global).create(question))
    }
}

struct KeysListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "All keys, and whether each still holds.",
        usage: "tokenmeter keys list [<options>]",
        discussion: "Example:\n  tokenmeter keys list --format json")

    @OptionGroup var global: GlobalOptions

    func run() throws { try global.finish(try Composition.keys(global).list()) }
}

struct KeysRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Ends a key for good.",
        usage: "tokenmeter keys revoke <id> [<options>]",
        discussion: "Example:\n  tokenmeter keys revoke 4m7q0a9x2c")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The key's id, as keys list shows it.") var id: String

    func run() throws { try global.finish(try Composition.keys(global).revoke(id)) }
}
