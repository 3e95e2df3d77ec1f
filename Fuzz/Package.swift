// swift-tools-version: 6.1
import PackageDescription

// The fuzzer's library brings `main`.
let withoutMain: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func product(_ name: String) -> Target.Dependency { .product(name: name, package: "tollgate") }

/// Fuzz targets; a package of its own, so that the product does not carry them.
let package = Package(
    name: "tollgate-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "tollgate", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CHeap"),
        .target(name: "Fuzzing", dependencies: ["CHeap", product("Tenancy"), nioCore]),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Fuzzing", product("Proxy"), product("Billing"), product("Tenancy"), nioCore, nioEmbedded, nioHTTP1,
            ],
            swiftSettings: withoutMain
        ),
        // What reads files in the command line, which no other package can import: a link leads to its sources.
        .target(
            name: "TollgateFiles",
            dependencies: [
                product("AdminAPI"), product("Proxy"), product("Billing"), product("Tenancy"), logging, yams,
            ],
            exclude: ["Configuration/Configuration+MasterKey.swift"],
            sources: [
                "Configuration", "Document", "Fields", "Import", "Client/JSONValue.swift",
                "Client/JSONValue+Text.swift", "Client/ShellText.swift", "Export/CSVReader.swift",
                "Export/ExportDocument.swift", "Export/LineTotals.swift", "Export/RowTotals.swift",
                "Export/SavedAmount.swift", "Export/TableTotals.swift",
                "CommandFailure.swift", "DashboardFolder.swift", "ExitStatus.swift", "StartRefusal.swift",
                "TextFile.swift",
            ]
        ),
        // Apart, because it builds the Admin API and what that stands on.
        .executableTarget(
            name: "fuzz-admin",
            dependencies: [
                "Fuzzing", "TollgateFiles", product("AdminAPI"), product("Proxy"), product("Billing"),
                product("Tenancy"), nioCore, logging, httpTypes, hummingbird,
            ],
            exclude: ["Tests"],
            swiftSettings: withoutMain
        ),
    ],
    swiftLanguageModes: [.v6]
)
