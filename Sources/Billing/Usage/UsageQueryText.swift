public import Tenancy

/// The parameters of a usage query as a client wrote them; absent ones are nil.
public struct UsageQueryText: Sendable {
    /// An RFC 3339 time, or a date of the zone; absent: the start of the month.
    public var start: String?
    /// The same; absent: now.
    public var end: String?
    /// `hour`, `day` or `month`; absent: `day`.
    public var bucket: String?
    /// Words of `UsageGroup`, separated by commas; absent: none.
    public var groupBy: String?
    /// An IANA zone.
    public var timeZone: String?
    /// Groups at most in one page, 1 to 1000; absent: 1000.
    public var limit: String?
    /// The cursor of the page before.
    public var after: String?

    /// No parameters.
    public init() {}

    private static let instants: ClosedRange<Int64> = 0...253_370_764_800_000_000

    /// The question they ask, in `zone` unless they name one. Throws what is wrong with the first bad parameter.
    public func query(
        in zone: CalendarZone, allowing isAllowed: (UsageGroup) -> Bool = { _ in true }, at now: Timestamp
    ) throws(UsageQueryFault) -> UsageQuery {
        var zone = zone
        if let timeZone {
            guard let named = CalendarZone(identifier: timeZone) else {
                throw fault("time_zone", "must be an IANA time zone such as Europe/Rome")
            }
            zone = named
        }
        let kind = bucket ?? UsageBucket.day.rawValue
        guard let bucket = UsageBucket(rawValue: kind) else { throw fault("bucket", "must be hour, day or month") }
        guard let groups = groupBy.map(UsageGroup.list) ?? [], groups.allSatisfy(isAllowed) else {
            let most = UsageGroup.countMaximum
            throw fault("group_by", "must be names of groups separated by commas, each once, at most \(most)")
        }
        let first = try start.map { text throws(UsageQueryFault) in try instant(text, "start", zone) }
        let last = try end.map { text throws(UsageQueryFault) in try instant(text, "end", zone) } ?? now
        let span = CalendarSpan(start: first ?? zone.month(containing: last).start, end: last)
        guard span.start < span.end else { throw fault("end", "must be after start") }
        guard bucket.suits(span) else {
            throw fault("start", "is more than \(UsageBucket.countMaximum) \(kind)s before end")
        }
        var query = UsageQuery(span: span, bucket: bucket, zone: zone, groups: groups)
        if let limit {
            guard let number = Int(limit), 1...1000 ~= number else {
                throw fault("limit", "must be a whole number between 1 and 1000")
            }
            query.limit = number
        }
        if let after {
            guard let cursor = UsageCursor(after), query.takes(cursor) else {
                throw fault("after", "must be the `next` of an earlier page of the same query")
            }
            query.after = cursor
        }
        return query
    }

    private func instant(
        _ text: String, _ parameter: String, _ zone: CalendarZone
    ) throws(UsageQueryFault) -> Timestamp {
        guard let instant = Timestamp(rfc3339: text) ?? zone.start(ofDate: text),
            Self.instants.contains(instant.microseconds)
        else {
            throw fault(parameter, "must be an RFC 3339 time such as 2026-11-01T00:00:00Z, or a date")
        }
        return instant
    }

    private func fault(_ parameter: String, _ detail: String) -> UsageQueryFault {
        UsageQueryFault(parameter: parameter, detail: detail)
    }
}
