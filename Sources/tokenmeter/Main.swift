import Accounting
import ArgumentParser
import Pricing

@main
struct Tokenmeter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenmeter",
        abstract: "What streamed LLM traffic will cost, did cost, and would cost elsewhere.",
        discussion: """
            Which question is yours?
              one request, this moment             tokenmeter price
              a month to come, a limit to keep     tokenmeter forecast
              one channel against another          tokenmeter savings
              the cheapest place for a workload    tokenmeter compare
              a workload shared over models        tokenmeter mix
              a plan against budgets, in CI        tokenmeter check
              what it did cost                     tokenmeter usage
              what it would have cost elsewhere    tokenmeter whatif
              usage in and out, proved whole       tokenmeter ledger
              what a recorded stream used          tokenmeter inspect
              who sells what, since when           tokenmeter rates
              ask a model, and know what it cost   tokenmeter chat
              a vendor to test against, offline    tokenmeter simulate
              SSE or WebSocket, what a relay adds  tokenmeter bench

            Exit codes: 0 done, within budget; 1 failed; 2 over budget, or changed;
            3 cannot be priced, or nothing to judge; 64 wrong use.
            """,
        // Only who asks for the version waits for the tables to be read.
        version: CommandLine.arguments.contains("--version") ? Version.text : "tokenmeter",
        subcommands: [
            PriceCommand.self, ForecastCommand.self, SavingsCommand.self, CompareCommand.self,
            MixCommand.self, CheckCommand.self, UsageCommand.self, WhatIfCommand.self,
            LedgerCommand.self, InspectCommand.self, RatesCommand.self, ChatCommand.self,
            ServeCommand.self, KeysCommand.self, DemoCommand.self, SimulateCommand.self,
            BenchCommand.self,
            BenchMemoryCommand.self,
        ])

    /// The command of some arguments. A well-formed one is read without looking at all the others, which costs a third
    /// of a start; whatever else it is, an error, a wish for help, is the whole parser's to answer.
    private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
        let commands = configuration.subcommands
        guard let command = commands.first(where: { $0._commandName == arguments.first }),
            command.configuration.subcommands.isEmpty,
            let known = try? command.parse(Array(arguments.dropFirst()))
        else { return try parseAsRoot(arguments) }
        return known
    }

    /// A mistyped command is told with the nearest ones; the parser would only call it unexpected.
    private static func refuseUnknownCommand(_ arguments: [String]) throws {
        guard let command = arguments.first, !command.hasPrefix("-"), command != "help" else {
            return
        }
        try require(command, among: configuration, of: "tokenmeter")
        guard arguments.count > 1, !arguments[1].hasPrefix("-"),
            let group = GlobalOptions.groups.first(where: { $0.commandName == command })
        else { return }
        try require(arguments[1], among: group, of: command)
    }

    private static func require(
        _ word: String, among parent: CommandConfiguration, of name: String
    ) throws {
        let names = parent.subcommands.compactMap { $0.configuration.commandName }
        guard !names.contains(word) else { return }
        let nearest = NearestNames.find(word, among: names).joined(separator: ", ")
        throw QuestionError.invalid(
            field: name, problem: "no command \(quoted(word)); nearest: \(nearest)")
    }

    static func main() async {
        do {
            let arguments = GlobalOptions.behindTheCommand(Array(CommandLine.arguments.dropFirst()))
            try refuseUnknownCommand(arguments)
            var command = try parsed(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Terminal.end(0)
        } catch {
            Failure.end(with: error)
        }
    }
}
