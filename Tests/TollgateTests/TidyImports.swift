import Foundation

/// Which module may import what. The arrows between the modules are in docs/architecture.md.
enum TidyImports {
    private static let everywhere: Set<String> = ["Synchronization", "Dispatch", "Glibc", "Musl", "Darwin"]

    private static let byModule: [String: Set<String>] = [
        "Tenancy": ["CArgon2", "COpenSSL", "CSQLite", "GRDB", "Foundation"],
        "Billing": [
            "Tenancy", "CXlsxWriter", "CZlib", "GRDB", "GRDBSQLite", "Logging", "ServiceLifecycle", "Foundation",
        ],
        "Proxy": ["Tenancy", "Billing", "CCurl", "GRDB", "Logging", "Metrics", "ServiceLifecycle", "Foundation"],
        "AdminAPI": [
            "Tenancy", "Billing", "Proxy", "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "Logging",
            "ServiceLifecycle", "Foundation",
        ],
        "Tollgate": [
            "Tenancy", "Billing", "Proxy", "AdminAPI", "CProcess", "ArgumentParser", "Yams", "CYaml", "Configuration",
            "Logging",
            "Metrics",
            "ServiceLifecycle", "UnixSignals", "NIOCore", "NIOPosix", "Foundation",
        ],
    ]

    /// Beside the `*Store` and `*Schema` files, for the writer's connection and transactions only.
    private static let databaseFiles: Set<String> = ["DatabaseFile.swift", "Journal.swift"]

    /// Off the data-plane path, and in need of calendars, normal forms or formatting.
    private static let foundationFiles: Set<String> = [
        "CalendarZone.swift", "ResourceName.swift", "Timestamp+RFC3339.swift",
    ]

    static func findings(in source: TidySource) throws -> [TidyFinding] {
        guard source.isProduct else { return [] }
        let kinds = "struct|class|enum|func|protocol|typealias|var|let"
        let regex = try NSRegularExpression(
            pattern: #"(?m)^[ \t]*(?:@\w+ +)*(?:\w+ +)?import +(?:(?:\#(kinds)) +)?(\w+)"#
        )
        let range = NSRange(source.code.startIndex..., in: source.code)
        return regex.matches(in: source.code, range: range).compactMap { match in
            guard let name = Range(match.range(at: 1), in: source.code),
                let problem = problem(importing: String(source.code[name]), in: source)
            else { return nil }
            let before = source.code.utf8[..<name.lowerBound]
            let line = before.count(where: { $0 == UInt8(ascii: "\n") }) + 1
            return TidyFinding(path: source.path, line: line, problem: problem)
        }
    }

    private static func problem(importing name: String, in source: TidySource) -> String? {
        if everywhere.contains(name) { return nil }
        let isNIO = source.module == "Proxy" && name.hasPrefix("NIO")
        guard isNIO || byModule[source.module]?.contains(name) == true else {
            return "\(source.module) may not import \(name)"
        }
        switch name {
        case "CCurl" where !source.isIn(folder: "Proxy/Upstream"):
            return "only Proxy/Upstream may import CCurl"
        case "CXlsxWriter" where !source.isIn(folder: "Billing/Export"),
            "CZlib" where !source.isIn(folder: "Billing/Export"):
            return "only Billing/Export may import \(name)"
        case "CProcess" where !["ProcessLimits.swift", "ProcessHeap.swift"].contains(source.fileName):
            return "only ProcessLimits and ProcessHeap may import CProcess"
        case "CYaml" where source.fileName != "AliasLimit.swift", "Yams" where source.fileName != "DocumentText.swift":
            return "only Tollgate/Document may import \(name)"
        case "GRDB" where !source.isStore && !databaseFiles.contains(source.fileName):
            return "only *Store, *Schema and the writer may import GRDB"
        case "GRDBSQLite" where !source.fileName.hasSuffix("Store.swift"):
            return "only *Store files may import GRDBSQLite"
        case "CSQLite" where source.fileName != "DatabaseFile.swift":
            return "only DatabaseFile.swift may import CSQLite"
        case "Foundation" where !mayUseFoundation(source):
            return "Foundation on the data-plane path"
        default:
            return nil
        }
    }

    private static func mayUseFoundation(_ source: TidySource) -> Bool {
        ["AdminAPI", "Tollgate"].contains(source.module) || source.isStore || foundationFiles.contains(source.fileName)
    }
}
