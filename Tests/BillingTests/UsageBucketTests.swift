import Tenancy
import Testing

@testable import Billing

/// Into which spans usage is summed.
struct UsageBucketTests {
    private func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    private func spans(
        _ bucket: UsageBucket, _ zone: String, _ start: String, _ end: String
    ) throws -> [String] {
        let span = CalendarSpan(start: try instant(start), end: try instant(end))
        let zone = try #require(CalendarZone(identifier: zone))
        let query = UsageQuery(span: span, bucket: bucket, zone: zone, groups: [])
        var starts: [String] = []
        var position = query.span.start
        while position < query.span.end {
            let span = query.bucketSpan(containing: position)
            #expect(span.start == position)
            starts.append(String(span.start.rfc3339.dropFirst(5).dropLast(4)))
            position = span.end
        }
        return starts + ["to " + position.rfc3339.dropFirst(5).dropLast(4)]
    }

    @Test
    func `days and months are those of the zone, the first and last cut to what is asked`() throws {
        #expect(
            try spans(.day, "Europe/Berlin", "2026-10-24T10:00:00Z", "2026-10-26T01:00:00Z")
                == ["10-24T10:00", "10-24T22:00", "10-25T23:00", "to 10-26T01:00"])
        #expect(
            try spans(.month, "Asia/Kathmandu", "2026-01-31T00:00:00Z", "2026-03-01T00:00:00Z")
                == ["01-31T00:00", "01-31T18:15", "02-28T18:15", "to 03-01T00:00"])
    }

    @Test
    func `hours are those of the zone, through a change of the clock`() throws {
        #expect(
            try spans(.hour, "Asia/Kathmandu", "2026-11-23T17:00:00Z", "2026-11-23T19:00:00Z")
                == ["11-23T17:00", "11-23T17:15", "11-23T18:15", "to 11-23T19:00"])
        // 24 and a half hours: the last one is half as long.
        let day = try spans(.hour, "Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z")
        #expect(day.count == 26)
        #expect(day.suffix(2) == ["04-05T13:00", "to 04-05T13:30"])
    }

    @Test
    func `what is asked is brought out to quarters of an hour`() throws {
        #expect(
            try spans(.day, "UTC", "2026-11-23T10:14:59.999999Z", "2026-11-23T10:30:00.000001Z")
                == ["11-23T10:00", "to 11-23T10:45"])
        #expect(
            try spans(.day, "UTC", "2026-11-23T10:15:00Z", "2026-11-23T10:30:00Z") == ["11-23T10:15", "to 11-23T10:30"])
    }

    @Test
    func `whole UTC days come from the daily roll-up, the edges from quarters of an hour`() throws {
        func parts(_ start: String, _ end: String) throws -> [String] {
            UsageParts.parts(of: CalendarSpan(start: try instant(start), end: try instant(end))).map {
                "\($0.table) \($0.span.start.rfc3339.dropFirst(8)) \($0.span.end.rfc3339.dropFirst(8))"
            }
        }
        #expect(
            try parts("2026-11-01T22:00:00Z", "2026-11-04T01:00:00Z") == [
                "usage_quarter 01T22:00:00Z 02T00:00:00Z", "usage_day 02T00:00:00Z 04T00:00:00Z",
                "usage_quarter 04T00:00:00Z 04T01:00:00Z",
            ])
        #expect(try parts("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z") == ["usage_day 01T00:00:00Z 02T00:00:00Z"])
        #expect(
            try parts("2026-11-01T22:00:00Z", "2026-11-02T22:00:00Z")
                == ["usage_quarter 01T22:00:00Z 02T22:00:00Z"])
    }

    @Test(arguments: [
        ("2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z", ["+ month 10-01T00 12-01T00"]),
        // Rome's month: what the UTC month lacks at its start, and what it has too much at its end.
        (
            "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z",
            [
                "+ month 11-01T00 12-01T00", "+ quarter 10-31T23 11-01T00", "- quarter 11-30T23 12-01T00",
            ]
        ),
        (
            "2026-10-02T00:00:00Z", "2026-11-03T05:00:00Z",
            [
                "+ month 10-01T00 11-01T00", "- day 10-01T00 10-02T00", "+ day 11-01T00 11-03T00",
                "+ quarter 11-03T00 11-03T05",
            ]
        ),
        // Up to now, and nothing is younger: the rest of the month is empty.
        ("2026-11-30T00:00:00Z", "2026-12-27T01:00:00Z", ["+ month 12-01T00 01-01T00", "+ day 11-30T00 12-01T00"]),
        ("2026-12-01T00:00:00Z", "2026-12-27T01:00:00Z", ["+ month 12-01T00 01-01T00"]),
        ("2026-10-03T00:00:00Z", "2026-10-30T00:00:00Z", ["+ day 10-03T00 10-30T00"]),
        ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z", ["+ day 10-01T00 10-02T00"]),
    ])
    func `whole UTC months come from tenants' months, and what they have too much is taken off`(
        start: String, end: String, expected: [String]
    ) throws {
        let span = CalendarSpan(start: try instant(start), end: try instant(end))
        let unused = try instant("2026-12-27T00:45:00Z")
        let parts = UsageParts.monthParts(of: span, unused: unused).map { part in
            let (from, to) = (part.span.start.rfc3339.dropFirst(5), part.span.end.rfc3339.dropFirst(5))
            return "\(part.isTakenOff ? "-" : "+") \(part.table.dropFirst(6)) \(from.prefix(8)) \(to.prefix(8))"
        }
        #expect(parts == expected)
    }
}
