// swift-tools-version: 6.1
import PackageDescription

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
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CHeap",
                .product(name: "Proxy", package: "tollgate"), .product(name: "Tenancy", package: "tollgate"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            // The fuzzer's library brings `main`.
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]
        ),
    ],
    swiftLanguageModes: [.v6]
)
