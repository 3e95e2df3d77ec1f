import Tenancy

/// A month as FOCUS 1.4 Billing Period: one line.
struct FocusPeriodCSV: ExportPart {
    private let facts: PeriodFacts
    private var isOver = false

    init(_ facts: PeriodFacts) {
        self.facts = facts
    }

    mutating func next() -> [UInt8]? {
        if isOver { return nil }
        isOver = true
        let month = facts.period.month
        var line = CSVLine()
        for column in [
            "BillingPeriodCreated", "BillingPeriodEnd", "BillingPeriodLastUpdated", "BillingPeriodStart",
            "BillingPeriodStatus", "InvoiceIssuerName",
        ] { line.text(column) }
        line.end()
        line.text(month.start.rfc3339)
        line.text(month.end.rfc3339)
        line.text(facts.documentDate.rfc3339)
        line.text(month.start.rfc3339)
        line.text(facts.period.status == .closed ? "Closed" : "Open")
        line.text(facts.party.issuer)
        line.end()
        return line.take()
    }
}

extension PeriodFacts {
    /// The date on documents, in whole seconds: the close, or the begin of a month that is not closed, so that the same
    /// facts make the same bytes whenever they are asked for.
    var documentDate: Timestamp {
        let instant = period.seal?.closedAt ?? period.month.start
        return Timestamp(microseconds: instant.seconds * 1_000_000)
    }
}
