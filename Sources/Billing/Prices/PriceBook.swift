import Synchronization
public import Tenancy

/// All price versions in memory; look-ups are safe from any thread and do not grow with history.
public final class PriceBook: Sendable {
    /// The prices of one model.
    private struct Model {
        let tenant = PriceSeries()
        let upstream = PriceSeries()
        var byBackend: [String: PriceSeries] = [:]
    }

    private let models = Mutex<[String: Model]>([:])

    /// A book of the given versions in any order.
    public init(_ versions: [PriceVersion] = []) {
        for version in versions { put(version) }
    }

    /// What tenants may pay for a model at an instant, by the latest versions effective then that were published by
    /// then; nil if it has no standard price.
    public func sheet(model: String, at instant: Timestamp) -> PriceSheet? {
        models.withLock { $0[model]?.tenant.sheet(at: instant) }
    }

    /// What a provider may charge for a model on a backend: the backend's own prices, if it has a standard one, else
    /// those for all backends; the two are not mixed.
    public func upstreamSheet(model: String, backendID: String, at instant: Timestamp) -> PriceSheet? {
        models.withLock { models in
            guard let prices = models[model] else { return nil }
            if !prices.byBackend.isEmpty, let own = prices.byBackend[backendID]?.sheet(at: instant) { return own }
            return prices.upstream.sheet(at: instant)
        }
    }

    /// Adds a version that has been stored; one that is already there changes nothing.
    public func put(_ version: PriceVersion) {
        models.withLock { models in
            var model = models[version.model] ?? Model()
            switch (version.kind, version.backendID) {
            case (.tenant, _): model.tenant.put(version)
            case (.upstream, nil): model.upstream.put(version)
            case (.upstream, .some(let backendID)):
                let series = model.byBackend[backendID] ?? PriceSeries()
                series.put(version)
                model.byBackend[backendID] = series
            }
            models[version.model] = model
        }
    }
}
