import Tenancy

/// The names of a closed month's invoices: one for each tenant, with a line for each category of charge.
struct FocusInvoice {
    private let month: String
    private let isIssued: Bool

    /// A month that is not closed has no invoices, and neither has what providers charge, or a part of a tenant's keys.
    init(_ facts: PeriodFacts, _ query: ExportQuery) {
        month = facts.period.month.text
        isIssued = facts.period.status == .closed && query.view == .tenant && query.tag == nil
    }

    func id(_ tenantID: String) -> String? {
        isIssued ? "inv_\(month)_\(tenantID)" : nil
    }

    func detailID(_ tenantID: String, _ category: FocusCharge.Category) -> String? {
        id(tenantID).map { $0 + "/" + category.rawValue.lowercased() }
    }
}
