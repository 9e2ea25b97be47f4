import Accounting
import ArgumentParser
import ConfigFiles
import CostService
import LedgerClient
import Pricing
import SQLiteStore
import StandInUpstream
import StreamBench
import StreamClient

/// Ends the process with one clear sentence on stderr and the exit code of the design.
enum Failure {
    static let failed: Int32 = 1
    static let overBudget: Int32 = 2
    static let unpriced: Int32 = 3
    static let wrongUse: Int32 = 64

    static func end(with error: any Error) -> Never {
        switch error {
        case let error as PricingError:
            exit("error: \(error)", error.isUnpriceable ? unpriced : wrongUse)
        case let error as QuestionError: exit("error: \(error)", wrongUse)
        case let error as PlanError: exit("error: --\(error)", wrongUse)
        case let error as Faults:
            let faults = error.list.map { "error: \($0)" }
            exit(faults.joined(separator: "\n"), failed)
        // Nothing was judged.
        case RemoteLedgerError.unread: exit("error: \(error)", unpriced)
        case is StoreError, is RateTableError, is LedgerError, is MoneyError, is KeyError,
            is FileError,
            is CostServerError, is RemoteLedgerError, is ChatError, is StandInError,
            is BenchError, is StreamError:
            exit("error: \(error)", failed)
        case let code as ExitCode: Terminal.end(code.rawValue)
        default: parserAnswer(error)
        }
    }

    /// Help, completions and the version go to stdout; the parser's own complaints to stderr,
    /// spelled like ours.
    private static func parserAnswer(_ error: any Error) -> Never {
        let code = Tokenmeter.exitCode(for: error)
        let message = Tokenmeter.fullMessage(for: error)
        guard code != .success else {
            try? Terminal.write(Array((message + "\n").utf8))
            Terminal.end(0)
        }
        let prefix = "Error: "
        let text = message.hasPrefix(prefix) ? "error: " + message.dropFirst(prefix.count) : message
        exit(text, code == .validationFailure ? wrongUse : failed)
    }

    static func code(of verdict: Answer.Verdict) -> Int32 {
        switch verdict {
        case .done: 0
        case .overBudget: overBudget
        case .unpriced: unpriced
        case .failed: failed
        }
    }

    private static func exit(_ message: String, _ code: Int32) -> Never {
        Terminal.note(message)
        Terminal.end(code)
    }
}

/// A file that cannot be read or written.
enum FileError: Error, CustomStringConvertible {
    case unreadable(String, reason: String)
    case unwritable(String, reason: String)
    case tooLarge(String, limitMegabytes: Int)

    var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .tooLarge(let path, let limit): "\(path) is larger than \(limit) MiB"
        }
    }
}
