import Foundation
import Tenancy
import Testing

@Suite struct CalendarZoneTests {
    private func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    private func expect(_ span: CalendarSpan, _ start: String, _ end: String) {
        #expect(span.start.rfc3339 == start)
        #expect(span.end.rfc3339 == end)
    }

    @Test(arguments: [
        ("UTC", "2026-11-23T12:00:00Z", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("Asia/Kathmandu", "2026-11-23T18:14:59Z", "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z"),
        ("Asia/Kathmandu", "2026-11-23T18:15:00Z", "2026-11-23T18:15:00Z", "2026-11-24T18:15:00Z"),
        // 23 and 25 hours: the clock goes forward in March and back in autumn.
        ("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T20:00:00Z", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"),
        // Midnight itself was skipped: the day begins at one o'clock.
        ("America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        // Midnight happened twice: the day before lasts 25 hours.
        ("America/Sao_Paulo", "2018-02-17T12:00:00Z", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
        ("America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
    ])
    func `a day runs from midnight to midnight on the wall`(
        zone: String, at: String, start: String, end: String
    ) throws {
        let zone = try #require(CalendarZone(identifier: zone))
        let instant = try instant(at)
        expect(zone.day(containing: instant), start, end)
        #expect(zone.dayStart(instant).rfc3339 == start)
        #expect(zone.nextDay(after: instant).rfc3339 == end)
    }

    @Test(arguments: [
        ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z", "2026-11-30T05:00:00Z"),
        ("2026-11-23T04:59:59Z", "2026-11-16T05:00:00Z", "2026-11-23T05:00:00Z"),
        ("2026-11-01T12:00:00Z", "2026-10-26T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("1969-12-31T12:00:00Z", "1969-12-29T05:00:00Z", "1970-01-05T05:00:00Z"),
    ])
    func `a week runs from Monday to Monday`(at: String, start: String, end: String) throws {
        let zone = try #require(CalendarZone(identifier: "America/New_York"))
        expect(zone.week(containing: try instant(at)), start, end)
    }

    @Test(arguments: [
        ("2026-11-23T12:00:00Z", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
        ("2026-12-31T23:00:00Z", "2026-12-31T23:00:00Z", "2027-01-31T23:00:00Z"),
        ("2026-03-10T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"),
        ("2024-02-29T12:00:00Z", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"),
    ])
    func `a month runs from its first day to the next one's`(at: String, start: String, end: String) throws {
        let zone = try #require(CalendarZone(identifier: "Europe/Berlin"))
        expect(zone.month(containing: try instant(at)), start, end)
    }

    @Test(arguments: [
        "", "Europe/Nowhere", "CET+1", "GMT+0533", "../etc/passwd", "Europe/Berlin/", "EST5EDT", "Europe/Rome\0E01",
    ])
    func `what is no IANA zone is refused`(name: String) {
        #expect(CalendarZone(identifier: name) == nil)
    }

    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia",
        "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana", "America/St_Johns",
    ])
    func `days follow one another without a gap, and agree with the calendar`(name: String) throws {
        let zone = try #require(CalendarZone(identifier: name))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: name))
        var instant = try instant("2024-01-01T12:00:00Z")
        let end = try self.instant("2028-01-01T00:00:00Z")
        while instant < end {
            let day = zone.day(containing: instant)
            #expect(day.contains(instant))
            let before = Timestamp(microseconds: day.start.microseconds - 1)
            #expect(zone.day(containing: before).end == day.start)
            #expect(day.start.microseconds % 900_000_000 == 0)
            let date = Date(timeIntervalSince1970: TimeInterval(day.start.seconds))
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let previous = calendar.dateComponents([.year, .month, .day], from: date.addingTimeInterval(-1))
            #expect(parts != previous, "\(name) \(day.start.rfc3339)")
            instant = day.end
        }
    }

    @Test func `the ends of time do no harm`() throws {
        let zone = try #require(CalendarZone(identifier: "Europe/Berlin"))
        for microseconds in [Int64.min, .max] {
            let instant = Timestamp(microseconds: microseconds)
            let spans = [zone.day(containing:), zone.week(containing:), zone.month(containing:)].map { $0(instant) }
            for span in spans { #expect(span.start < span.end) }
        }
    }
}
