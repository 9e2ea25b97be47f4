import Foundation
import Testing

/// Reads the source tree and holds it to what the compiler does not check.
@Suite struct TidyTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct SourceFile: CustomTestStringConvertible {
        let path: String
        let lines: [Substring]
        var target: String { String(path.split(separator: "/")[1]) }
        var testDescription: String { path }
    }

    private static func swiftFiles(below folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.allObjects ?? []
        return try names.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map
        { name in
            let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
            return SourceFile(
                path: "\(folder)/\(name)",
                lines: text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    /// What each target may import besides the targets below it; `*` is anything of the standard
    /// distribution.
    private static let allowed: [String: Set<String>] = [
        "Pricing": ["Synchronization"],
        "JSONBytes": [],
        "ProviderUsage": ["Pricing", "JSONBytes", "Darwin", "Glibc", "Musl"],
        "ConfigFiles": ["Pricing", "JSONBytes", "Yams"],
        "RateCatalog": [
            "Pricing", "JSONBytes", "ConfigFiles", "EmbeddedRates", "Crypto",
        ],
        "Accounting": ["Pricing", "JSONBytes", "ProviderUsage", "Crypto", "Synchronization"],
        "UsageImport": ["Pricing", "JSONBytes", "Accounting"],
        "SQLiteStore": [
            "Pricing", "JSONBytes", "Accounting", "SQLiteSettings", "GRDB", "GRDBSQLite",
            "Foundation", "Synchronization", "Darwin", "Glibc", "Musl",
        ],
        "CostService": [
            "Pricing", "JSONBytes", "Accounting", "EmbeddedDocuments", "MeteringRelay", "Crypto",
            "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HTTPTypes", "Logging", "NIOCore",
            "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "NIOSSL",
            "ServiceLifecycle", "Synchronization", "UnixSignals",
        ],
        "MeteringRelay": [
            "Pricing", "JSONBytes", "ProviderUsage", "Accounting", "WebSocketMessages",
            "WebSocketServer", "StreamClient", "Logging", "NIOCore", "NIOEmbedded", "NIOHTTP1",
            "NIOHTTPCompression", "NIOPosix", "Synchronization",
        ],
        "LedgerClient": [
            "Pricing", "JSONBytes", "Accounting", "AsyncHTTPClient", "NIOCore", "NIOHTTP1",
            "NIOPosix", "NIOSSL", "Darwin", "Glibc", "Musl",
        ],
        "WebSocketMessages": ["NIOCore"],
        "StreamClient": [
            "Pricing", "JSONBytes", "ProviderUsage", "WebSocketMessages", "AsyncHTTPClient",
            "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NIOTLS", "NIOWebSocket",
            "Synchronization", "Darwin", "Glibc", "Musl",
        ],
        "WebSocketServer": ["WebSocketMessages", "NIOCore", "NIOHTTP1", "NIOWebSocket"],
        "StandInUpstream": [
            "JSONBytes", "WebSocketMessages", "WebSocketServer", "Crypto", "NIOCore", "NIOHPACK",
            "NIOHTTP1", "NIOHTTP2", "NIOPosix", "NIOSSL", "SwiftASN1", "X509", "Synchronization",
            "Foundation", "FoundationEssentials",
        ],
        "StreamBench": [
            "Pricing", "JSONBytes", "ProviderUsage", "Accounting", "WebSocketMessages",
            "StreamClient", "NIOCore", "Darwin", "Glibc", "Musl",
        ],
        "tokenmeter": [
            "Pricing", "JSONBytes", "ProviderUsage", "ConfigFiles", "RateCatalog", "Accounting",
            "UsageImport", "SQLiteStore", "MeteringRelay", "CostService", "LedgerClient",
            "StreamClient",
            "StandInUpstream", "StreamBench", "ArgumentParser", "Foundation", "Logging",
            "Synchronization", "UnixSignals", "Darwin", "Glibc", "Musl",
        ],
    ]

    @Test func eachTargetImportsOnlyWhatItsPlaceAllows() throws {
        let files = try Self.swiftFiles(below: "Sources")
        #expect(files.count > 40, "the source tree was not found")
        for file in files {
            let allowed = try #require(
                Self.allowed[file.target], "\(file.path): a target that no rule names")
            for line in file.lines {
                let words = line.split(separator: " ").map(String.init)
                guard let place = words.firstIndex(of: "import"), place <= 1,
                    words.count > place + 1
                else {
                    continue
                }
                let module = words[place + 1]
                #expect(allowed.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test func noSourceForcesATryOrDropsItsCause() throws {
        for file in try Self.swiftFiles(below: "Sources") {
            for (index, line) in file.lines.enumerated() {
                let code = line.split(
                    separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
                let place = "\(file.path):\(index + 1)"
                #expect(!code.contains("try!"), "\(place): try!")
                #expect(!code.contains("as!"), "\(place): as!")
                #expect(!code.contains("fatalError"), "\(place): fatalError")
                #expect(
                    !code.contains("@unchecked Sendable"),
                    "\(place): @unchecked Sendable without a proof")
            }
        }
    }

    @Test func nothingIsLeftForLater() throws {
        // Put together here, so that this file does not name them.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        for folder in ["Sources", "Tests"] {
            for file in try Self.swiftFiles(below: folder) {
                for (index, line) in file.lines.enumerated() {
                    for word in words {
                        #expect(!line.contains(word), "\(file.path):\(index + 1): \(word)")
                    }
                }
            }
        }
    }

    @Test func filesHoldOneIdeaEach() throws {
        for file in try Self.swiftFiles(below: "Sources") {
            #expect(file.lines.count <= 500, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func doubleNeverMeetsMoney() throws {
        for folder in [
            "Sources/Pricing", "Sources/Accounting", "Sources/RateCatalog", "Sources/ConfigFiles",
        ] {
            for file in try Self.swiftFiles(below: folder) {
                for (index, line) in file.lines.enumerated() {
                    let code = line.split(
                        separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
                    let words = code.split { !$0.isLetter && !$0.isNumber }
                    #expect(
                        !words.contains { ["Double", "Float", "Decimal"].contains($0) },
                        "\(file.path):\(index + 1): a binary or library number near money")
                }
            }
        }
    }

    @Test func onlyCompositionPutsPartsTogether() throws {
        for file in try Self.swiftFiles(below: "Sources/tokenmeter")
        where !file.path.hasSuffix("Composition.swift") {
            for (index, line) in file.lines.enumerated() {
                #expect(!line.contains("SQLiteStore("), "\(file.path):\(index + 1): opens a store")
            }
        }
    }
}
