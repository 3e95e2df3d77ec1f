import Billing
import Tenancy

/// The buckets of one answer, however many pages of ours they took.
struct OrganizationUsagePage {
    /// Rows after which an answer ends with its bucket.
    private static let rowsAtMost = 20_000

    private(set) var buckets: [(span: CalendarSpan, rows: [UsageRow])] = []
    /// Where the next answer begins; nil when this is the last.
    private(set) var next: Timestamp?

    /// Reads the buckets of a question out of the ledger.
    init(_ text: OrganizationUsageText, _ groups: [UsageGroup], from ledger: Ledger) async throws {
        guard var question = text.question(groups) else { return }
        var rows = 0
        while true {
            let page = try await ledger.usage(question)
            for bucket in page.buckets {
                rows += bucket.rows.count
                if let last = buckets.last, last.span == bucket.span {
                    buckets[buckets.count - 1].rows += bucket.rows
                } else {
                    buckets.append((bucket.span, bucket.rows))
                }
            }
            guard let cursor = page.next else { break }
            if cursor.values.isEmpty, rows >= Self.rowsAtMost { break }
            question.after = cursor
        }
        if let end = buckets.last?.span.end, end < text.span.end { next = end }
    }

    /// The answer, given what becomes of each bucket's rows.
    func json(_ results: ([UsageRow]) -> [JSONValue]) -> JSONValue {
        [
            "object": "page",
            "data": .array(
                buckets.map { bucket in
                    [
                        "object": "bucket",
                        "start_time": .integer(bucket.span.start.seconds),
                        "end_time": .integer(bucket.span.end.seconds),
                        "results": .array(results(bucket.rows)),
                    ]
                }),
            "has_more": .bool(next != nil),
            "next_page": .text(next.map { OrganizationUsageText.page(at: $0) }),
        ]
    }
}

extension [UsageRow] {
    /// The same sums told apart by fewer groups: `keep` says which values stay. In order of their values.
    func merged(keeping keep: [Int]) -> [UsageRow] {
        var sums: [[String]: UsageRow] = [:]
        for row in self {
            let values = keep.compactMap { row.values.indices.contains($0) ? row.values[$0] : nil }
            guard var sum = sums[values] else {
                sums[values] = row
                sums[values]?.values = values
                continue
            }
            sum.requests &+= row.requests
            sum.usage.add(row.usage)
            sum.cost += row.cost
            sums[values] = sum
        }
        return sums.values.sorted { $0.values.lexicographicallyPrecedes($1.values) }
    }
}
