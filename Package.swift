// swift-tools-version: 6.1
import PackageDescription

/// Every Swift target is compiled the same way.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .unsafeFlags(
        ["-enforce-exclusivity=unchecked", "-cross-module-optimization"], .when(configuration: .release)),
]

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "tollgate",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tollgate", targets: ["Tollgate"]),
        // For the packages in Benchmarks/ and Fuzz/, which measure and break single decisions.
        .library(name: "Tenancy", targets: ["Tenancy"]),
        .library(name: "Billing", targets: ["Billing"]),
        .library(name: "Proxy", targets: ["Proxy"]),
        .library(name: "AdminAPI", targets: ["AdminAPI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CArgon2"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CXlsxWriter"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CSQLite"),
        .target(name: "Tenancy", dependencies: ["CArgon2", "COpenSSL", "CSQLite", grdb], swiftSettings: swiftSettings),
        .target(
            name: "Billing", dependencies: ["Tenancy", "CXlsxWriter", "CZlib", grdb, sqlite, logging],
            swiftSettings: swiftSettings),
        .target(
            name: "Proxy",
            dependencies: [
                "Tenancy", "Billing", "CCurl", nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL, logging, grdb,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "AdminAPI",
            dependencies: [
                "Tenancy", "Billing", "Proxy", hummingbird, hummingbirdCore, httpTypes, nioCore, logging, lifecycle,
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "Tollgate",
            dependencies: [
                "Tenancy", "Billing", "Proxy", "AdminAPI", "CProcess", arguments, yams, logging, lifecycle, unixSignals,
                nioCore, nioPosix,
            ],
            swiftSettings: swiftSettings
        ),
        .systemLibrary(name: "CTestTLS", path: "Tests/CTestTLS"),
        .target(name: "Support", dependencies: ["Tenancy"], path: "Tests/Support", swiftSettings: swiftSettings),
        .testTarget(name: "TenancyTests", dependencies: ["Tenancy", "Support", grdb], swiftSettings: swiftSettings),
        .testTarget(
            name: "BillingTests", dependencies: ["Billing", "Tenancy", "Support", grdb],
            exclude: ["Goldens"], swiftSettings: swiftSettings),
        .testTarget(
            name: "ProxyTests",
            dependencies: [
                "Proxy", "Billing", "Tenancy", "Support", "CTestTLS", grdb, nioCore, nioPosix, nioHTTP1, nioEmbedded,
                logging,
            ],
            exclude: ["Fixtures"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "AdminAPITests",
            dependencies: [
                "AdminAPI", "Proxy", "Billing", "Tenancy", "Support", hummingbird, httpTypes, nioCore, logging,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "TollgateTests",
            dependencies: ["Tollgate", "AdminAPI", "Support", grdb, logging],
            exclude: ["Goldens"],
            swiftSettings: swiftSettings),
        // Targets of the package in Fuzz/ whose build for the fuzzer takes too long for every day.
        .systemLibrary(name: "CHeap", path: "Fuzz/Sources/CHeap"),
        .target(name: "Fuzzing", dependencies: ["CHeap", "Tenancy", nioCore], path: "Fuzz/Sources/Fuzzing"),
        .testTarget(
            name: "AdminFuzzTests",
            dependencies: [
                "Fuzzing", "Tollgate", "AdminAPI", "Proxy", "Billing", "Tenancy", hummingbird, httpTypes, nioCore,
                logging,
            ],
            path: "Fuzz/Sources/fuzz-admin",
            exclude: ["EntryPoint.swift"]),
    ],
    swiftLanguageModes: [.v6]
)
