import Tenancy

/// What each tenant's invoice comes to, as FOCUS 1.4 Invoice Detail; a heading alone until the month is closed.
struct FocusInvoiceCSV: ExportEncoder {
    private static let columns = [
        "BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
        "ChargeCategory", "InvoiceDetailCreated", "InvoiceDetailDescription", "InvoiceDetailGrain", "InvoiceDetailId",
        "InvoiceDetailLastUpdated", "InvoiceId", "InvoiceIssueDate", "InvoiceIssueStatus", "InvoiceIssuerName",
        "PaymentCurrency", "PaymentCurrencyBilledCost", "PaymentCurrencyInvoiceDetailId", "PaymentDueDate",
        "PaymentTerms", "PurchaseOrderNumber", "ReferenceInvoiceId",
    ]

    private let facts: PeriodFacts
    private let invoice: FocusInvoice
    private var sums: [String: [FocusCharge.Category: Money]] = [:]
    private(set) var count: Int64 = 0

    init(_ query: ExportQuery, _ facts: PeriodFacts) {
        self.facts = facts
        invoice = FocusInvoice(facts, query)
    }

    mutating func begin() -> [UInt8] {
        var line = CSVLine()
        for column in Self.columns { line.text(column) }
        line.end()
        return line.take()
    }

    mutating func rows(_ rows: [ExportRow]) -> [UInt8] {
        for row in rows {
            let charge = FocusCharge(row, isUpstream: false)
            sums[row.tenantID, default: [:]][charge.category, default: .zero] += charge.billed
        }
        return []
    }

    mutating func end() -> [UInt8] {
        var line = CSVLine()
        for tenant in sums.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            for category in FocusCharge.Category.allCases {
                guard let billed = sums[tenant]?[category], let id = invoice.id(tenant),
                    let detail = invoice.detailID(tenant, category)
                else { continue }
                write(billed, category, id, detail, tenant, to: &line)
                count += 1
            }
        }
        return line.take()
    }

    private func write(
        _ billed: Money, _ category: FocusCharge.Category, _ id: String, _ detail: String, _ tenant: String,
        to line: inout CSVLine
    ) {
        let date = facts.documentDate.rfc3339
        line.number(FocusNumber.text(billed))
        line.text(facts.party.accountID)
        line.text(facts.party.currency)
        line.text(facts.period.month.end.rfc3339)
        line.text(facts.period.month.start.rfc3339)
        line.text(category.rawValue)
        line.text(date)
        line.text("\(category.rawValue) of \(facts.tenants[tenant]?.name ?? tenant)")
        line.text(JSONLine.object(["x_ChargeCategory": category.rawValue, "x_SubAccountId": tenant]))
        line.text(detail)
        line.text(date)
        line.text(id)
        line.text(date)
        line.text("Issued")
        line.text(facts.party.issuer)
        line.text(facts.party.currency)
        line.number(FocusNumber.text(billed))
        line.text(detail)
        // No term is agreed with anyone: the operator's own invoice says it.
        line.empty()
        line.text("Not specified")
        line.empty()
        line.text(id)
        line.end()
    }
}
