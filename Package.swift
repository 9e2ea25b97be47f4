// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: one list, so that no target is laxer than another.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Links Swift's own libraries into the executable, so that it starts in milliseconds and runs
/// without a toolchain. It is what `--static-swift-stdlib` does, at the link step alone: with that
/// flag everything is compiled apart from the tests, whose library has no static form, and would be
/// built twice. At a fixed address nothing has to be relocated at the start: 120,000 pointers, and
/// 2 ms of 14. A sanitizer's runtime goes with the shared libraries alone.
let staticRuntime: [LinkerSetting] =
    Context.environment["TOKENMETER_SANITIZER"] != nil
    ? []
    : [
        .unsafeFlags(
            [
                "-static-stdlib", "-Xclang-linker", "-no-pie", "-Xlinker", "--start-group",
                "-lFoundation", "-lCoreFoundation",
                "-lFoundationInternationalization", "-lFoundationEssentials", "-l_FoundationICU",
                "-l_FoundationCShims", "-l_FoundationCollections", "-Xlinker", "--end-group",
                "-lswiftSynchronization",
            ],
            .when(platforms: [.linux]))
    ]

let package = Package(
    name: "tokenmeter",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "tokenmeter", targets: ["tokenmeter"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Bottom-up: a target names only what stands above it here.
        .target(name: "Pricing", swiftSettings: strict),
        .target(name: "JSONBytes", swiftSettings: strict),
        .target(
            name: "ProviderUsage", dependencies: ["Pricing", "JSONBytes"], swiftSettings: strict),
        .target(
            name: "ConfigFiles",
            dependencies: ["Pricing", "JSONBytes", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(name: "EmbeddedRates"),
        .target(name: "EmbeddedDocuments"),
        .target(
            name: "RateCatalog",
            dependencies: [
                "Pricing", "JSONBytes", "ConfigFiles", "EmbeddedRates",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(
            name: "Accounting",
            dependencies: [
                "Pricing", "JSONBytes", "ProviderUsage",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(
            name: "UsageImport", dependencies: ["Pricing", "JSONBytes", "Accounting"],
            swiftSettings: strict),
        .target(name: "SQLiteSettings"),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "Pricing", "JSONBytes", "Accounting", "SQLiteSettings",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "LedgerClient",
            dependencies: [
                "Pricing", "JSONBytes", "Accounting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .target(
            name: "WebSocketMessages",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(
            name: "StreamClient",
            dependencies: [
                "Pricing", "JSONBytes", "ProviderUsage", "WebSocketMessages",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "WebSocketServer",
            dependencies: [
                "WebSocketMessages",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "MeteringRelay",
            dependencies: [
                "Pricing", "JSONBytes", "ProviderUsage", "Accounting", "WebSocketMessages",
                "WebSocketServer", "StreamClient",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "CostService",
            dependencies: [
                "Pricing", "JSONBytes", "Accounting", "EmbeddedDocuments", "MeteringRelay",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "StandInUpstream",
            dependencies: [
                "JSONBytes", "WebSocketMessages", "WebSocketServer",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),
        .target(
            name: "StreamBench",
            dependencies: [
                "Pricing", "JSONBytes", "ProviderUsage", "Accounting", "WebSocketMessages",
                "StreamClient",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "tokenmeter",
            dependencies: [
                "Pricing", "JSONBytes", "ProviderUsage", "ConfigFiles", "RateCatalog", "Accounting",
                "UsageImport", "SQLiteStore", "MeteringRelay", "CostService", "LedgerClient",
                "StreamClient", "StandInUpstream",
                "StreamBench",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .testTarget(
            name: "CostServiceTests",
            dependencies: [
                "CostService", "Accounting", "Pricing", "JSONBytes",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
            ],
            swiftSettings: strict),
        .testTarget(name: "PricingTests", dependencies: ["Pricing"], swiftSettings: strict),
        .testTarget(name: "JSONBytesTests", dependencies: ["JSONBytes"], swiftSettings: strict),
        .testTarget(
            name: "ConfigFilesTests", dependencies: ["ConfigFiles", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "RateCatalogTests", dependencies: ["RateCatalog", "ConfigFiles", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "AccountingTests",
            dependencies: ["Accounting", "JSONBytes", "Pricing", "RateCatalog"],
            swiftSettings: strict),
        // What any store of the ledger is held to.
        .target(
            name: "LedgerContract", dependencies: ["Accounting", "Pricing"],
            path: "Tests/LedgerContract", swiftSettings: strict),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: [
                "LedgerContract", "SQLiteStore", "Accounting", "JSONBytes", "Pricing",
                "RateCatalog",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "UsageImportTests",
            dependencies: ["UsageImport", "Accounting", "JSONBytes", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "ProviderUsageTests", dependencies: ["ProviderUsage", "JSONBytes", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "LedgerClientTests",
            dependencies: ["LedgerClient", "Accounting", "JSONBytes", "Pricing"],
            swiftSettings: strict),
        .testTarget(
            name: "StreamClientTests",
            dependencies: [
                "StreamClient", "WebSocketMessages", "ProviderUsage", "Pricing", "JSONBytes",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StandInUpstreamTests",
            dependencies: [
                "StandInUpstream", "StreamClient", "WebSocketMessages", "JSONBytes",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "StreamBenchTests", dependencies: ["StreamBench", "Accounting", "JSONBytes"],
            swiftSettings: strict),
        .testTarget(
            name: "MeteringRelayTests",
            dependencies: [
                "MeteringRelay", "Accounting", "JSONBytes", "LedgerContract", "Pricing",
                "ProviderUsage", "SQLiteStore", "StreamClient",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebSocketServerTests", dependencies: ["WebSocketServer"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        // Runs the built binary, and knows nothing of its inside.
        .testTarget(name: "EndToEndTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
