public import Tenancy

/// A question about usage and cost: from when to when, in which spans, for whom, and told apart by what.
public struct UsageQuery: Sendable {
    /// From the first to before the last instant, in whole quarters of an hour.
    public let span: CalendarSpan
    /// How long the answer's spans are; the first and the last are cut to `span`.
    public let bucket: UsageBucket
    /// The zone whose days and months are meant.
    public let zone: CalendarZone
    /// What the answer tells apart, in this order.
    public let groups: [UsageGroup]
    /// Only these tenants'; nil: all.
    public var tenantIDs: [ID<Tenant>]?
    /// Only these keys'; nil: all.
    public var keyIDs: [ID<APIKey>]?
    /// Only keys from the first to the last of these, by id; nil: all.
    var keys: (first: String, last: String)?
    /// Only these models'; nil: all.
    public var models: [String]?
    /// Only this pool's.
    public var pool: String?
    /// Only this backend's.
    public var backendID: String?
    /// Groups at most in one page; a span without any counts as one.
    public var limit = 1000
    /// Where the page before ended.
    public var after: UsageCursor?

    /// A question over a span, brought out to whole quarters of an hour: there is nothing finer in the roll-ups.
    public init(span: CalendarSpan, bucket: UsageBucket, zone: CalendarZone, groups: [UsageGroup]) {
        let start = RollUpSums.start(of: span.start, span: RollUpSums.quarter)
        let end = RollUpSums.end(of: span.end, span: RollUpSums.quarter)
        self.span = CalendarSpan(start: Timestamp(microseconds: start), end: Timestamp(microseconds: end))
        self.bucket = bucket
        self.zone = zone
        self.groups = groups
    }

    /// Whether it sums over all tenants and keys alike, so that the roll-ups over everybody know the answer.
    var isOverAll: Bool {
        tenantIDs == nil && keyIDs == nil
            && groups.allSatisfy { group in
                switch group {
                case .model, .pool, .backend, .meter: true
                case .tenant, .key, .tag: false
                }
            }
    }

    /// Whether it sums over the keys of each tenant alike, so that tenants' months know the answer.
    var isOverKeys: Bool {
        keyIDs == nil && keys == nil
            && groups.allSatisfy { group in
                switch group {
                case .tenant, .model, .pool, .backend: true
                case .key, .meter, .tag: false
                }
            }
    }

    /// Whether a cursor was made by this question.
    public func takes(_ cursor: UsageCursor) -> Bool {
        (cursor.values.isEmpty || cursor.values.count == groups.count) && span.contains(cursor.start)
    }

    /// The span of the answer that contains the instant.
    func bucketSpan(containing instant: Timestamp) -> CalendarSpan {
        let whole = bucket.span(containing: instant, in: zone)
        return CalendarSpan(start: max(whole.start, span.start), end: min(whole.end, span.end))
    }
}
