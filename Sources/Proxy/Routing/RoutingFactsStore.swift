public import Billing
public import GRDB
import Tenancy

/// What downloads name of routing.
public enum RoutingFactsStore {
    /// Backends and models as of this transaction.
    public static func facts(_ db: Database) throws -> RoutingFacts {
        let snapshot = try RoutingStore.snapshot(db)
        let backends = snapshot.backends.map { backend in
            BackendFact(
                id: backend.id.text, name: backend.name, pool: backend.pool, kind: backend.kind.rawValue,
                host: BackendAddress(backend.baseURL)?.host ?? "")
        }
        let models = snapshot.models.map { model in
            let upstream = model.targets.map { ($0.pool, $0.upstreamModel ?? model.name) }
            return ModelFact(
                name: model.name, upstreamModels: Dictionary(upstream, uniquingKeysWith: { first, _ in first }))
        }
        return RoutingFacts(
            backends: Dictionary(backends.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
            models: Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    }
}
