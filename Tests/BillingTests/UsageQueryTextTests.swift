import Support
import Tenancy
import Testing

@testable import Billing

/// What the parameters of a usage query may be, and which one is named when they are not.
struct UsageQueryTextTests {
    private let now = ManualClock().now()

    private func read(_ change: (inout UsageQueryText) -> Void) throws(UsageQueryFault) -> UsageQuery {
        var text = UsageQueryText()
        change(&text)
        return try text.query(in: .utc, allowing: { $0 != .pool }, at: now)
    }

    @Test
    func `without parameters the month so far is meant, by day`() throws {
        let query = try read { _ in }
        #expect(query.span.start.rfc3339 == "2026-11-01T00:00:00Z")
        #expect(query.span.end == now)
        #expect(query.bucket == .day)
        #expect(query.groups.isEmpty)
        #expect(query.limit == 1000)
    }

    @Test
    func `dates are those of the zone that is named`() throws {
        let query = try read {
            $0.start = "2026-03-29"
            $0.end = "2026-03-30T00:00:00+02:00"
            $0.timeZone = "Europe/Rome"
        }
        #expect(query.span.start.rfc3339 == "2026-03-28T23:00:00Z")
        #expect(query.span.end.rfc3339 == "2026-03-29T22:00:00Z")
    }

    @Test
    func `groups are words, each once`() throws {
        #expect(try read { $0.groupBy = "tenant,tag:a:b,meter" }.groups == [.tenant, .tag("a:b"), .meter])
        #expect(UsageGroup.list("key,model,backend")?.map(\.text) == ["key", "model", "backend"])
        let tags = (1...33).map { "tag:\($0)" }
        #expect(UsageGroup.list(tags.dropLast().joined(separator: ","))?.count == 32)
        #expect(UsageGroup.list(tags.joined(separator: ",")) == nil)
    }

    @Test
    func `a bad parameter is named`() {
        let bad: [(String, (inout UsageQueryText) -> Void)] = [
            ("start", { $0.start = "yesterday" }), ("start", { $0.start = "2026-02-30" }),
            ("start", { $0.start = "0000-01-01T00:00:00Z" }), ("end", { $0.end = "9999-12-31T23:59:59Z" }),
            ("end", { $0.end = "2026-11-01" }), ("end", { $0.end = "" }),
            ("end", { $0.start = "2026-12-01" }), ("bucket", { $0.bucket = "week" }),
            ("group_by", { $0.groupBy = "" }), ("group_by", { $0.groupBy = "model,model" }),
            ("group_by", { $0.groupBy = "model," }), ("group_by", { $0.groupBy = "pool" }),
            ("group_by", { $0.groupBy = "tag:" }), ("time_zone", { $0.timeZone = "Mars/Olympus" }),
            ("limit", { $0.limit = "0" }), ("limit", { $0.limit = "1001" }), ("limit", { $0.limit = "x" }),
            ("after", { $0.after = "x" }), ("after", { $0.after = "1.zz" }), ("after", { $0.after = "0" }),
            ("after", { $0.after = "\(1_795_435_200_000_000 - 1).61" }),
        ]
        for (parameter, change) in bad {
            #expect { try read(change) } throws: { ($0 as? UsageQueryFault)?.parameter == parameter }
        }
        #expect {
            try read {
                $0.start = "2024-01-01"
                $0.bucket = "hour"
            }
        } throws: { ($0 as? UsageQueryFault)?.parameter == "start" }
    }

    @Test
    func `a cursor survives its text, whatever the values are`() {
        for values in [[], [""], ["a.b", "ü|\u{0}", "0"]] {
            let cursor = UsageCursor(start: now, values: values)
            #expect(UsageCursor(cursor.text) == cursor)
        }
        for text in ["+5", "05", "-0", "5.+1", "5.4A"] { #expect(UsageCursor(text) == nil) }
    }
}
