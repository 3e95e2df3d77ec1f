import Synchronization
public import Tenancy

/// All price versions in memory; look-ups are safe from any thread and do not grow with history that is over.
public final class PriceBook: Sendable {
    /// By model, latest `effectiveFrom` first.
    private let byModel: Mutex<[String: [PriceVersion]]>

    /// A book of the given versions in any order.
    public init(_ versions: [PriceVersion] = []) {
        var sorted = Dictionary(grouping: versions, by: \.model)
        for model in sorted.keys { sorted[model]?.sort(by: Self.isLater) }
        byModel = Mutex(sorted)
    }

    /// What tenants pay for a model at an instant: the latest version effective then that was published by then.
    public func price(model: String, at instant: Timestamp) -> PriceVersion? {
        first(model: model, at: instant) { $0.kind == .tenant && $0.backendID == nil && $0.tier == nil }
    }

    /// What a provider charges for a model on a backend: the backend's own version before the general one.
    public func upstreamPrice(model: String, backendID: String, at instant: Timestamp) -> PriceVersion? {
        first(model: model, at: instant) { $0.kind == .upstream && $0.backendID == backendID && $0.tier == nil }
            ?? first(model: model, at: instant) { $0.kind == .upstream && $0.backendID == nil && $0.tier == nil }
    }

    /// Adds a version that has been stored; one that is already there changes nothing.
    public func put(_ version: PriceVersion) {
        byModel.withLock { versions in
            var list = versions[version.model] ?? []
            guard !list.contains(where: { $0.id == version.id }) else { return }
            let index = list.firstIndex { !Self.isLater($0, version) } ?? list.endIndex
            list.insert(version, at: index)
            versions[version.model] = list
        }
    }

    /// Every version of a model, latest `effectiveFrom` first.
    public func all(model: String) -> [PriceVersion] {
        byModel.withLock { $0[model] ?? [] }
    }

    private func first(
        model: String,
        at instant: Timestamp,
        where isFor: (PriceVersion) -> Bool
    ) -> PriceVersion? {
        byModel.withLock { versions in
            versions[model]?.first { $0.effectiveFrom <= instant && $0.publishedAt <= instant && isFor($0) }
        }
    }

    private static func isLater(_ left: PriceVersion, _ right: PriceVersion) -> Bool {
        (left.effectiveFrom, left.publishedAt, left.id) > (right.effectiveFrom, right.publishedAt, right.id)
    }
}
