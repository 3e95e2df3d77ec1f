import Synchronization
public import Tenancy

/// All price versions in memory; look-ups are safe from any thread and do not grow with history.
public final class PriceBook: Sendable {
    /// The prices of one model.
    private final class Model {
        let tenant = PriceSeries()
        /// What was agreed with single tenants; empty for most models.
        var byTenant: [ID<Tenant>: PriceSeries] = [:]
        let upstream = PriceSeries()
        var byBackend: [String: PriceSeries] = [:]

        /// The versions that a version is one of.
        func series(for version: PriceVersion) -> PriceSeries {
            switch version.kind {
            case .tenant:
                guard let tenantID = version.tenantID else { return tenant }
                let series = byTenant[tenantID] ?? PriceSeries()
                byTenant[tenantID] = series
                return series
            case .upstream:
                guard let backendID = version.backendID else { return upstream }
                let series = byBackend[backendID] ?? PriceSeries()
                byBackend[backendID] = series
                return series
            }
        }
    }

    private let models = Mutex<[String: Model]>([:])

    /// A book of the given versions in any order.
    public init(_ versions: [PriceVersion] = []) {
        for version in versions { put(version) }
    }

    /// What a tenant may pay for a model at an instant, by the latest versions effective then that were published by
    /// then: the prices agreed with it, if a standard one is among them, else those for all tenants; the two are not
    /// mixed. nil if there is no standard price.
    public func sheet(model: String, tenantID: ID<Tenant>, at instant: Timestamp) -> PriceSheet? {
        models.withLock { models in
            guard let prices = models[model] else { return nil }
            if !prices.byTenant.isEmpty, let own = prices.byTenant[tenantID]?.sheet(at: instant) { return own }
            return prices.tenant.sheet(at: instant)
        }
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
            let model = models[version.model] ?? Model()
            models[version.model] = model
            model.series(for: version).put(version)
        }
    }
}
