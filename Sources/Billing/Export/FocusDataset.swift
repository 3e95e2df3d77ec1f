/// The files that FOCUS 1.4 describes a month with.
public enum FocusDataset: String, CaseIterable, Sendable {
    /// What was used and what it cost.
    case costAndUsage = "cost-and-usage"
    /// The month itself.
    case billingPeriod = "billing-period"
    /// What each tenant's invoice says, by category.
    case invoiceDetail = "invoice-detail"
}
