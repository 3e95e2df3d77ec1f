import Tenancy

/// A span in parts that one roll-up table each answers exactly; pure.
enum UsageParts {
    struct Part: Equatable {
        /// The roll-up's table.
        let table: String
        let span: CalendarSpan
        /// Whether it is taken off the others.
        var isTakenOff = false
    }

    /// The farthest that a UTC month may reach beyond the span to be read whole: a zone's month is never farther off.
    private static let longestOverhang = RollUpSums.day

    /// Whole UTC days by the day, what is left before and after them by quarters of an hour.
    static func parts(of span: CalendarSpan) -> [Part] {
        let (start, end) = (span.start.microseconds, span.end.microseconds)
        let lastDay = RollUpSums.start(of: span.end, span: RollUpSums.day)
        let firstDay = RollUpSums.end(of: span.start, span: RollUpSums.day)
        guard firstDay < lastDay else { return [part("usage_quarter", start, end)] }
        return [
            part("usage_quarter", start, firstDay), part("usage_day", firstDay, lastDay),
            part("usage_quarter", lastDay, end),
        ].filter { $0.span.start < $0.span.end }
    }

    /// UTC months as far as they go, and what is left before and after them as above; what a month has too much at an
    /// end is taken off again. Nothing is known from `unused` on, so a month may reach as far behind it as it likes.
    static func monthParts(of span: CalendarSpan, unused: Timestamp) -> [Part] {
        let first = BillingPeriod(containing: span.start)
        let last = BillingPeriod(containing: span.end)
        let isEndOpen = span.end >= unused
        let firstMonth = overhangs(from: first.start, to: span.start) ? first.start : first.next.start
        let lastMonth = isEndOpen || overhangs(from: span.end, to: last.next.start) ? last.next.start : last.start
        guard firstMonth < lastMonth else { return parts(of: span) }
        var all = [part("usage_month", firstMonth.microseconds, lastMonth.microseconds)]
        all += edge(from: span.start, to: firstMonth)
        if !isEndOpen { all += edge(from: lastMonth, to: span.end) }
        return all
    }

    private static func overhangs(from start: Timestamp, to end: Timestamp) -> Bool {
        end.microseconds - start.microseconds <= longestOverhang
    }

    /// What lies between, added if it is so ordered, else taken off.
    private static func edge(from start: Timestamp, to end: Timestamp) -> [Part] {
        guard start != end else { return [] }
        let isTakenOff = end < start
        return parts(of: CalendarSpan(start: min(start, end), end: max(start, end))).map { part in
            Part(table: part.table, span: part.span, isTakenOff: isTakenOff)
        }
    }

    private static func part(_ table: String, _ start: Int64, _ end: Int64) -> Part {
        let span = CalendarSpan(start: Timestamp(microseconds: start), end: Timestamp(microseconds: end))
        return Part(table: table, span: span)
    }
}
