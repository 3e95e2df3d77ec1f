import Tenancy
import Testing

@testable import Billing

struct BudgetWindowTests {
    private func window(_ kind: BudgetWindow.Kind, _ instant: String, _ zone: String) throws -> [String] {
        let zone = try #require(CalendarZone(identifier: zone))
        let instant = try #require(Timestamp(rfc3339: instant))
        let window = BudgetWindow(kind, containing: instant, in: zone)
        #expect(window.contains(instant))
        #expect(window.contains(window.start))
        #expect(!window.contains(window.end))
        return [window.start.rfc3339, window.end.rfc3339]
    }

    @Test(arguments: [
        (BudgetWindow.Kind.day, "2026-11-23T12:00:00Z", "UTC", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        (.day, "2026-11-23T04:59:59Z", "America/New_York", "2026-11-22T05:00:00Z", "2026-11-23T05:00:00Z"),
        (.day, "2026-11-23T12:00:00Z", "Asia/Kathmandu", "2026-11-22T18:15:00Z", "2026-11-23T18:15:00Z"),
        (.day, "2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        (.day, "2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        (.day, "2026-09-06T12:00:00Z", "America/Santiago", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"),
        (.week, "2026-11-22T23:59:59Z", "UTC", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
        (.week, "2026-11-23T00:00:00Z", "UTC", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
        (.week, "2027-01-01T00:00:00Z", "UTC", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"),
        (.month, "2026-11-30T23:30:00Z", "Europe/Berlin", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"),
        (.month, "2028-02-29T12:00:00Z", "UTC", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        (.month, "2026-03-15T00:00:00Z", "America/New_York", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"),
    ])
    func windowsFollowTheCalendarOfTheZone(
        kind: BudgetWindow.Kind,
        instant: String,
        zone: String,
        start: String,
        end: String
    ) throws {
        #expect(try window(kind, instant, zone) == [start, end])
    }

    @Test func windowsOfAYearMeetWithoutGaps() throws {
        for name in ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"] {
            let zone = try #require(CalendarZone(identifier: name))
            for kind in [BudgetWindow.Kind.day, .week, .month] {
                var instant = try #require(Timestamp(rfc3339: "2026-01-01T12:00:00Z"))
                let last = try #require(Timestamp(rfc3339: "2027-01-10T00:00:00Z"))
                while instant < last {
                    let window = BudgetWindow(kind, containing: instant, in: zone)
                    let next = BudgetWindow(kind, containing: window.end, in: zone)
                    #expect(next.start == window.end)
                    #expect(window.start.microseconds % RollUpSums.quarter == 0)
                    instant = window.end
                }
            }
        }
    }

    @Test func aTotalHasNoEnd() {
        let window = BudgetWindow(.total, containing: Timestamp(microseconds: 5), in: .utc)
        #expect(window == .total)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "1970-01"), ("2026-11-30T23:59:59Z", "2026-11"), ("2026-12-01T00:00:00Z", "2026-12"),
        ("2028-02-29T23:59:59Z", "2028-02"), ("2100-03-01T00:00:00Z", "2100-03"), ("1969-12-31T23:59:59Z", "1969-12"),
    ])
    func periodsAreCalendarMonthsOfUTC(instant: String, period: String) throws {
        #expect(BillingPeriod(containing: try #require(Timestamp(rfc3339: instant))).text == period)
    }
}
