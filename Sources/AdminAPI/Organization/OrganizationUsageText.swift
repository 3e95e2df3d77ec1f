import Billing
import Tenancy

/// The parameters that every question about usage and costs has.
struct OrganizationUsageText {
    enum Width: String, CaseIterable {
        case minute = "1m"
        case hour = "1h"
        case day = "1d"

        /// Microseconds.
        var length: Int64 {
            switch self {
            case .minute: 60_000_000
            case .hour: 3_600_000_000
            case .day: 86_400_000_000
            }
        }
    }

    /// From `start_time` or the page's place, to `end_time` or now.
    let span: CalendarSpan
    let width: Width
    /// Buckets at most.
    let limit: Int64
    var tenants: [ID<Tenant>]?
    var keys: [ID<APIKey>]?
    var models: [String]?

    /// Reads them; `limits` are the buckets asked for by default and at most. Call `query.finish` before use.
    init(_ query: inout OrganizationQuery, limits: (Width) -> (standard: Int64, most: Int64), at now: Timestamp) {
        width = query.choice("bucket_width", of: Width.self) ?? .day
        if width == .minute { query.fail("bucket_width", "must be 1h or 1d: usage is kept by the quarter of an hour") }
        let (standard, most) = limits(width)
        limit = query.integer("limit", 1...most) ?? standard
        var start = query.instant("start_time")
        if start == nil { query.fail("start_time", "is required, in seconds since 1970") }
        let end = query.instant("end_time") ?? now
        if let start, start >= end { query.fail("end_time", "must be after start_time") }
        if let page = query.text("page") {
            let place = Self.place(of: page)
            if place == nil { query.fail("page", "must be the `next_page` of an earlier answer") }
            start = place ?? start
        }
        span = CalendarSpan(start: start ?? end, end: end)
        tenants = query.list("project_ids")?.map { ID($0) }
        keys = query.list("api_key_ids")?.map { ID($0) }
    }

    /// The question of one page: the buckets that `limit` allows.
    func question(_ groups: [UsageGroup]) -> UsageQuery? {
        let first = span.start.microseconds - span.start.microseconds % width.length
        let last = first.addingReportingOverflow(width.length * limit)
        let end = last.overflow ? span.end : min(span.end, Timestamp(microseconds: last.partialValue))
        guard span.start < end else { return nil }
        var question = UsageQuery(
            span: CalendarSpan(start: span.start, end: end), bucket: width == .day ? .day : .hour, zone: .utc,
            groups: groups)
        question.tenantIDs = tenants
        question.keyIDs = keys
        question.models = models
        return question
    }

    /// A place as clients hand it back.
    static func page(at place: Timestamp) -> String { "page_\(place.seconds)" }

    private static func place(of page: String) -> Timestamp? {
        guard page.hasPrefix("page_"), let seconds = Int64(page.dropFirst(5)), 0...253_370_764_800 ~= seconds else {
            return nil
        }
        return Timestamp(microseconds: seconds * 1_000_000)
    }
}
