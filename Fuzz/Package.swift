// swift-tools-version: 6.1
import PackageDescription

// The fuzzer's library brings `main`.
let withoutMain: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")

func product(_ name: String) -> Target.Dependency { .product(name: name, package: "tollgate") }

/// Fuzz targets; a package of its own, so that the product does not carry them.
let package = Package(
    name: "tollgate-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "tollgate", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
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
        // Apart, because it builds the Admin API and what that stands on.
        .executableTarget(
            name: "fuzz-admin",
            dependencies: [
                "Fuzzing", product("AdminAPI"), product("Proxy"), product("Billing"), product("Tenancy"),
            ],
            swiftSettings: withoutMain
        ),
    ],
    swiftLanguageModes: [.v6]
)
