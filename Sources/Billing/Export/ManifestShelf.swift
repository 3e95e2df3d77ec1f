import Synchronization

/// Manifests of closed months that were made already: each is a pure function of frozen rows and its filters, and
/// making one writes every file of the month.
public final class ManifestShelf: Sendable {
    /// Some kilobytes each.
    private static let most = 64

    private let kept = Mutex<[String: [UInt8]]>([:])

    /// An empty shelf.
    public init() {}

    /// What identifies a closed month's manifest; nil for a month that still takes entries.
    static func name(_ query: ExportQuery, _ facts: PeriodFacts) -> String? {
        facts.period.seal.map { seal in
            ([seal.manifestSHA256] + query.filters.flatMap { [$0.name, $0.value] }).joined(separator: "\n")
        }
    }

    func manifest(_ name: String) -> [UInt8]? {
        kept.withLock { $0[name] }
    }

    func keep(_ manifest: [UInt8], _ name: String) {
        kept.withLock { kept in
            // All are as easily made again: none is worth a list of who was used last.
            if kept.count >= Self.most { kept.removeAll() }
            kept[name] = manifest
        }
    }
}
