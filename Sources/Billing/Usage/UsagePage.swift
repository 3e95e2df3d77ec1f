public import Tenancy

/// A page of an answer to a usage query.
public struct UsagePage: Sendable {
    /// One span with its groups; a span with more groups than fit goes on in the next page under the same start.
    public struct Bucket: Sendable, Equatable {
        /// What was summed over.
        public let span: CalendarSpan
        /// In the order of their values; empty when nothing was used.
        public let rows: [UsageRow]
    }

    /// In the order of time; spans without usage are there too.
    public internal(set) var buckets: [Bucket] = []
    /// Where to go on; nil when this is the last page.
    public internal(set) var next: UsageCursor?
    /// Names of the tenants in the rows, by id; archived ones included.
    public internal(set) var tenantNames: [String: String] = [:]
    /// Names of the keys in the rows, by id; revoked ones included.
    public internal(set) var keyNames: [String: String] = [:]
}
