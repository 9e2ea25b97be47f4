// swift-tools-version: 6.2
import PackageDescription

/// As in tokenmeter's own Package.swift, so that the same code is measured.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-Xlinker", "--start-group", "-lFoundation", "-lCoreFoundation",
            "-lFoundationInternationalization", "-lFoundationEssentials", "-l_FoundationICU",
            "-l_FoundationCShims", "-l_FoundationCollections", "-Xlinker", "--end-group",
            "-lswiftSynchronization",
        ],
        .when(platforms: [.linux]))
]

// A package of its own, so that nobody who builds tokenmeter builds this. The targets from Pricing on are tokenmeter's
// own sources, linked into Sources: what they declare has package access, which all targets of a package share.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .executableTarget(
            name: "LedgerBenchmark",
            dependencies: ["Accounting", "Pricing", "SQLiteStore"],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "StreamBenchmark", dependencies: ["Pricing", "ProviderUsage"],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "EngineBenchmark",
            dependencies: [
                "Accounting", "ConfigFiles", "JSONBytes", "Pricing", "ProcessFigures",
                "RateCatalog",
            ],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "ProcessTimer", cSettings: [.define("_GNU_SOURCE", .when(platforms: [.linux]))]),
        .target(name: "ProcessFigures"),
        .target(name: "Pricing", swiftSettings: strict),
        .target(name: "JSONBytes", swiftSettings: strict),
        .target(
            name: "ProviderUsage", dependencies: ["Pricing", "JSONBytes"], swiftSettings: strict),
        .target(
            name: "ConfigFiles",
            dependencies: ["Pricing", "JSONBytes", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict),
        .target(name: "EmbeddedRates"),
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
        .target(name: "SQLiteSettings"),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "Pricing", "JSONBytes", "Accounting", "SQLiteSettings",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
