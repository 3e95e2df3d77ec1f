import Billing

/// The bills of providers that can be reconciled.
enum BillFormat: String, CaseIterable, Sendable {
    /// What `GET /v1/organization/costs` answers, one page or an array of them.
    case openai
    /// What `GET /v1/organizations/cost_report` answers, one page or an array of them.
    case anthropic
    /// Columns day, model and cost, in any order.
    case csv

    /// The amounts of a bill. Throws a 400 when it is none of this kind.
    func read(_ bytes: [UInt8]) throws(Problem) -> [BilledAmount] {
        switch self {
        case .openai: try CostReport.read(bytes, .openai)
        case .anthropic: try CostReport.read(bytes, .anthropic)
        case .csv: try CSVBill.read(bytes)
        }
    }
}
