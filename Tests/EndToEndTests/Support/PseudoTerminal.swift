import Foundation
import Testing

/// A program at a terminal that a test looks at and types into.
struct PseudoTerminal {
    enum Step {
        /// Waits until this was written since the last step that waited.
        case see(String)
        /// Bytes as keys give them: Ctrl-C is `\u{3}`.
        case type(String)
        /// A shell's line, run to its end beside the program.
        case run(String)
        case resize(columns: Int, lines: Int)
        case signal(Int32)
        /// Waits until the program stands still, and lets it go on.
        case goOn

        fileprivate var json: [Any] {
            switch self {
            case .see(let text): ["see", text]
            case .type(let text): ["type", text]
            case .run(let line): ["run", line]
            case .resize(let columns, let lines): ["resize", columns, lines]
            case .signal(let number): ["signal", Int(number)]
            case .goOn: ["go on"]
            }
        }
    }

    /// All that was written, escapes included, and how the program ended.
    struct Ending {
        let text: String
        let exit: Int?
        /// What never came to be seen.
        let missing: String?
        /// Whether keys are shown again as they are typed.
        let echoes: Bool

        /// Lines without escapes, as one frame after the other wrote them.
        var lines: [String] {
            text.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").split(separator: "\r\n")
                .map(String.init)
        }
    }

    let sandbox: Sandbox
    var columns = 80
    var lines = 24
    var environment = ["TERM": "xterm", "LC_ALL": "C.UTF-8"]

    /// `nil` where the machine has no Python to hold the terminal's other end.
    func run(_ arguments: [String], _ steps: [Step]) async throws -> Ending? {
        guard try await sandbox.has("python3") else { return nil }
        let binary = try #require(Tokenmeter.binary)
        let plan: [String: Any] = [
            "command": [binary.path()] + arguments, "columns": columns, "lines": lines,
            "environment": environment, "steps": steps.map(\.json),
        ]
        let name = "terminal-\(UUID().uuidString)"
        try sandbox.write(
            String(decoding: try JSONSerialization.data(withJSONObject: plan), as: UTF8.self),
            to: "\(name).json")
        try sandbox.write(Self.driver, to: "\(name).py")
        let output = try await sandbox.shell("python3 \(name).py \(name).json")
        #expect(output.exit == 0, "\(output.errors)")
        let result = try output.json()
        return Ending(
            text: result.string("text") ?? "", exit: result.integer("exit"),
            missing: result.string("missing"), echoes: result["echoes"] as? Bool ?? false)
    }

    private static let driver = """
        import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios, time

        plan = json.load(open(sys.argv[1]))
        master, slave = pty.openpty()

        def resize(columns, lines):
            fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

        def echoes():
            return bool(termios.tcgetattr(slave)[3] & termios.ECHO)

        resize(plan["columns"], plan["lines"])

        def child():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        # Python sets LC_CTYPE for itself where there is no locale.
        process = subprocess.Popen(
            plan["command"], stdin=slave, stdout=slave, stderr=slave, preexec_fn=child,
            env={name: value for name, value in os.environ.items() if not name.startswith("LC_")}
            | plan["environment"])
        seen, place, missing = b"", 0, None

        # What is there within the time; the slave's end stays open here, so that there is no end.
        def read(seconds):
            global seen
            if not select.select([master], [], [], seconds)[0]:
                return False
            seen += os.read(master, 65536)
            return True

        for step, *what in plan["steps"]:
            if step == "see":
                wanted, deadline = what[0].encode(), time.monotonic() + 60
                while wanted not in seen[place:] and time.monotonic() < deadline:
                    read(0.05)
                if wanted not in seen[place:]:
                    missing = what[0]
                    process.kill()
                    break
                place = seen.index(wanted, place) + len(wanted)
            elif step == "type":
                os.write(master, what[0].encode())
            elif step == "run":
                subprocess.run(what[0], shell=True, check=True, stdout=subprocess.DEVNULL)
            elif step == "resize":
                resize(*what)
            elif step == "signal":
                process.send_signal(what[0])
            elif step == "go on":
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
                process.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            read(0.05)
        if process.poll() is None:
            process.kill()
        while read(0):
            pass
        print(json.dumps({
            "text": seen.decode("utf-8", "replace"), "exit": process.wait(), "missing": missing,
            "echoes": echoes()}))
        """
}
