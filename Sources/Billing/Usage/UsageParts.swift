import Tenancy

/// A span in parts that one roll-up table each answers exactly; pure.
enum UsageParts {
    struct Part: Equatable {
        /// The roll-up's table.
        let table: String
        let span: CalendarSpan
    }

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

    private static func part(_ table: String, _ start: Int64, _ end: Int64) -> Part {
        let span = CalendarSpan(start: Timestamp(microseconds: start), end: Timestamp(microseconds: end))
        return Part(table: table, span: span)
    }
}
