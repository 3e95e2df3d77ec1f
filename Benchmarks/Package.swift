// swift-tools-version: 6.1
import PackageDescription

/// Micro-benchmarks of single decisions; a package of its own, so that the product does not carry it.
let package = Package(
    name: "tollgate-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "tollgate", path: "..")],
    targets: [
        .executableTarget(
            name: "decisions",
            dependencies: [
                .product(name: "Proxy", package: "tollgate"), .product(name: "Tenancy", package: "tollgate"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
