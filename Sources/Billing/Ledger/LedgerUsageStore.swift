import GRDB
import Tenancy

extension Ledger {
    /// A page of usage and cost. Blocks while the database is read, so never call it on an event loop.
    public func usagePage(_ query: UsageQuery) throws -> UsagePage {
        try file.read { db in try UsageQueryStore.page(query, db) }
    }

    /// The same, waiting without a thread.
    public func usage(_ query: UsageQuery) async throws -> UsagePage {
        try await file.pool.read { db in try UsageQueryStore.page(query, db) }
    }

    /// A page of requests, the newest first, and the place to go on from; nil when there is no more. A page may be
    /// shorter than its limit and still not be the last.
    public func requests(_ query: RequestQuery) async throws -> (records: [RequestRecord], next: String?) {
        try await file.pool.read { db in try RequestStore.page(query, db) }
    }

    /// One request with its attempts; nil when the ledger has no entry of it, as while it runs.
    public func request(_ id: String) async throws -> RequestRecord? {
        try await file.pool.read { db in try RequestStore.request(id, db) }
    }
}
