import Foundation
import Synchronization

/// The calendar of one IANA time zone: where its days, weeks and months begin.
public struct CalendarZone: Sendable {
    /// Looked up once a zone; remembers the day asked for last, which nearly always is today.
    private final class Shared: Sendable {
        let zone: TimeZone
        let latest = Mutex<CalendarSpan?>(nil)

        init(zone: TimeZone) {
            self.zone = zone
        }
    }

    private static let known = Mutex<[String: Shared]>([:])

    /// Coordinated universal time.
    public static let utc = CalendarZone(shared: Shared(zone: .gmt))

    private let shared: Shared

    /// The zone of that IANA name; nil if there is none, or if its clock is not set in quarters of an hour.
    public init?(identifier: String) {
        if let shared = Self.known.withLock({ $0[identifier] }) {
            self.shared = shared
            return
        }
        guard let zone = Self.zone(named: identifier) else { return nil }
        let shared = Shared(zone: zone)
        Self.known.withLock { $0[identifier] = shared }
        self.shared = shared
    }

    private init(shared: Shared) {
        self.shared = shared
    }

    /// The first instant of the day that contains the given one.
    public func dayStart(_ instant: Timestamp) -> Timestamp { day(containing: instant).start }

    /// The first instant of the day after the one that contains the given one.
    public func nextDay(after instant: Timestamp) -> Timestamp { day(containing: instant).end }

    /// The day that contains the instant.
    public func day(containing instant: Timestamp) -> CalendarSpan {
        shared.latest.withLock { latest in
            if let latest, latest.contains(instant) { return latest }
            let day = localDay(of: instant)
            let span = CalendarSpan(start: start(ofDay: day), end: start(ofDay: day + 1))
            latest = span
            return span
        }
    }

    /// The first instant of a date such as `2026-11-01`; nil if it is none.
    public func start(ofDate text: String) -> Timestamp? {
        guard let midnight = Timestamp(rfc3339: text + "T00:00:00Z"), (0...Self.lastSecond).contains(midnight.seconds)
        else { return nil }
        return start(ofDay: midnight.seconds / 86_400)
    }

    /// The week from Monday that contains the instant.
    public func week(containing instant: Timestamp) -> CalendarSpan {
        let day = localDay(of: instant)
        // 1970-01-01 was a Thursday.
        let monday = day - ((day + 3) % 7 + 7) % 7
        return CalendarSpan(start: start(ofDay: monday), end: start(ofDay: monday + 7))
    }

    /// The calendar month that contains the instant.
    public func month(containing instant: Timestamp) -> CalendarSpan {
        let date = CivilDate(daysSince1970: localDay(of: instant))
        let first = CivilDate(year: date.year, month: date.month, day: 1)
        let isLast = date.month == 12
        let next = CivilDate(year: isLast ? date.year + 1 : date.year, month: isLast ? 1 : date.month + 1, day: 1)
        return CalendarSpan(start: start(ofDay: first.daysSince1970), end: start(ofDay: next.daysSince1970))
    }

    /// Days from 1970-01-01 to the local date; consistent with `start(ofDay:)` where a clock change repeats midnight.
    private func localDay(of instant: Timestamp) -> Int64 {
        let earliest = Timestamp(microseconds: Self.firstSecond * 1_000_000)
        let seconds = min(max(instant, earliest).seconds, Self.lastSecond)
        let local = seconds + offset(at: seconds)
        let day = (local >= 0 ? local : local - 86_399) / 86_400
        let position = Timestamp(microseconds: seconds * 1_000_000)
        if position < start(ofDay: day) { return day - 1 }
        return position >= start(ofDay: day + 1) ? day + 1 : day
    }

    /// The instant at which the local date begins; midnight, or the end of the gap a clock change tears there.
    private func start(ofDay day: Int64) -> Timestamp {
        let midnight = day * 86_400
        let before = offset(at: midnight - 86_400)
        let after = offset(at: midnight + 86_400)
        let seconds: Int64
        if before == after || offset(at: midnight - before) == before {
            seconds = midnight - before
        } else if offset(at: midnight - after) == after {
            seconds = midnight - after
        } else {
            seconds = change(between: midnight - max(before, after), and: midnight - min(before, after), from: before)
        }
        return Timestamp(microseconds: seconds * 1_000_000)
    }

    /// The first second whose offset is not the old one any more.
    private func change(between low: Int64, and high: Int64, from old: Int64) -> Int64 {
        var (low, high) = (low - 1, high)
        while high - low > 1 {
            let middle = (low + high) / 2
            if offset(at: middle) == old { low = middle } else { high = middle }
        }
        return high
    }

    private func offset(at seconds: Int64) -> Int64 {
        Int64(shared.zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
    }

    /// The years 1 to 9999, with days to spare.
    private static let firstSecond: Int64 = -62_135_000_000
    private static let lastSecond: Int64 = 253_402_000_000

    private static func zone(named identifier: String) -> TimeZone? {
        // Names such as GMT+5:33 or EST5EDT would make a zone too, but not one of the IANA database. What stands behind
        // a NUL is not read by everybody who looks a name up.
        let allowed = identifier == "UTC" || identifier.contains("/")
        let isPlain = identifier.utf8.count <= 64 && identifier.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        guard allowed, isPlain, let zone = TimeZone(identifier: identifier) else { return nil }
        let offsets = [0, 15_768_000].map { zone.secondsFromGMT(for: Date(timeIntervalSince1970: 1_767_225_600 + $0)) }
        return offsets.allSatisfy { $0 % 900 == 0 } ? zone : nil
    }
}
