public import Billing
public import GRDB
import Tenancy

/// What downloads name of routing.
public enum RoutingFactsStore {
    /// Backends, removed ones too, and models as of this transaction, and what models were called before.
    public static func facts(_ db: Database) throws -> RoutingFacts {
        let snapshot = try RoutingStore.snapshot(db)
        let rows = try Row.fetchAll(db, sql: "SELECT id, name, pool, kind, base_url FROM removed_backends")
        let removed = rows.map { row in
            BackendFact(
                id: row[0], name: row[1], pool: row[2], kind: row[3],
                host: BackendAddress(row[4] as String)?.host ?? "")
        }
        let backends =
            snapshot.backends.map { backend in
                BackendFact(
                    id: backend.id.text, name: backend.name, pool: backend.pool, kind: backend.kind.rawValue,
                    host: BackendAddress(backend.baseURL)?.host ?? "")
            } + removed
        let models = snapshot.models.map { model in
            let upstream = model.targets.map { ($0.pool, $0.upstreamModel ?? model.name) }
            return ModelFact(
                name: model.name, upstreamModels: Dictionary(upstream, uniquingKeysWith: { first, _ in first }))
        }
        return RoutingFacts(
            backends: Dictionary(backends.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
            models: Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }),
            upstreamNames: try Row.fetchAll(db, sql: "SELECT model, pool, since, name FROM upstream_names").map {
                UpstreamName(model: $0[0], pool: $0[1], since: Timestamp(microseconds: $0[2]), name: $0[3])
            })
    }
}
