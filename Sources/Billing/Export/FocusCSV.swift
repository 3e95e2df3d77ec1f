import Tenancy

/// The rows of a month as FOCUS Cost and Usage.
struct FocusCSV: ExportEncoder {
    private let columns: [FocusColumn]
    private let invoice: FocusInvoice
    private let words: FocusWords
    private let facts: PeriodFacts
    private let isUpstream: Bool
    private let periodStart: String
    private let periodEnd: String
    private var line = CSVLine()
    private(set) var count: Int64 = 0

    init(_ version: FocusVersion, _ query: ExportQuery, _ facts: PeriodFacts) {
        columns = FocusColumn.columns(version, query.view)
        invoice = FocusInvoice(facts, query)
        words = FocusWords(facts, query.view)
        self.facts = facts
        isUpstream = query.view == .upstream
        periodStart = facts.period.month.start.rfc3339
        periodEnd = facts.period.month.end.rfc3339
    }

    mutating func begin() -> [UInt8] {
        for column in columns { line.text(column.rawValue) }
        line.end()
        return line.take()
    }

    mutating func rows(_ rows: [ExportRow]) -> [UInt8] {
        for row in rows {
            let charge = FocusCharge(row, isUpstream: isUpstream)
            for column in columns { cell(column, row, charge) }
            line.end()
        }
        count += Int64(rows.count)
        return line.take()
    }

    private mutating func cell(_ column: FocusColumn, _ row: ExportRow, _ charge: FocusCharge) {
        switch column {
        case .billedCost: line.number(FocusNumber.text(charge.billed))
        case .effectiveCost, .pricingCurrencyEffectiveCost: line.number(FocusNumber.text(charge.effective))
        case .contractedCost: line.number(FocusNumber.text(charge.contracted))
        case .listCost: line.number(FocusNumber.text(charge.list))
        case .consumedQuantity: line.number(charge.consumed.map(FocusNumber.text))
        case .pricingQuantity: line.number(charge.priced.map(FocusNumber.text))
        case .listUnitPrice, .pricingCurrencyListUnitPrice: line.number(charge.listUnitPrice.map(FocusNumber.text))
        case .contractedUnitPrice, .pricingCurrencyContractedUnitPrice:
            line.number(charge.unitPrice.map(FocusNumber.text))
        case .requestCount: line.number(FocusNumber.text(row.requests))
        case .estimatedQuantity: line.number(FocusNumber.text(row.estimatedUnits))
        case .upstreamCost: line.number(row.upstreamCost.map(FocusNumber.text))
        case .unpricedRequests: line.number(FocusNumber.text(row.unpriced))
        default: line.text(text(column, row, charge))
        }
    }

    private func text(_ column: FocusColumn, _ row: ExportRow, _ charge: FocusCharge) -> String? {
        switch column {
        case .billingAccountID: facts.party.accountID
        case .billingAccountName: facts.party.accountName
        case .billingAccountType: "Organization"
        case .billingCurrency, .pricingCurrency: facts.party.currency
        case .billingPeriodStart: periodStart
        case .billingPeriodEnd: periodEnd
        case .chargePeriodStart: row.day.rfc3339
        case .chargePeriodEnd: row.day.adding(milliseconds: RollUpSums.day / 1000).rfc3339
        case .chargeCategory: charge.category.rawValue
        case .chargeClass: row.correctsPeriod == nil ? nil : "Correction"
        case .chargeFrequency: charge.category == .usage ? "Usage-Based" : "One-Time"
        case .invoiceID: invoice.id(row.tenantID)
        case .invoiceDetailID: invoice.detailID(row.tenantID, charge.category)
        case .subAccountID: row.tenantID
        case .subAccountName: facts.tenants[row.tenantID]?.name ?? row.tenantID
        case .subAccountType: "Tenant"
        case .tags: JSONLine.object(facts.tags(of: row))
        case .poolID: row.pool
        case .keyID: row.keyID
        case .catalogVersion: row.priceVersion
        case .correctsPeriod: row.correctsPeriod
        case .correctionID: row.correctionID
        case .listVersion: row.listVersion
        default: words.text(column, row, charge)
        }
    }
}
