/// What a download of a month is written as.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// One line for each day, tenant, pool, model, meter and price.
    case csv
    /// One ledger entry a line.
    case jsonl
    /// FOCUS 1.2, Cost and Usage.
    case focus12 = "focus-1.2"
    /// FOCUS 1.4: Cost and Usage, Billing Period or Invoice Detail.
    case focus14 = "focus-1.4"
    /// A workbook.
    case xlsx
    /// A page to print for each tenant.
    case statement

    /// What its files' names end with.
    public var fileExtension: String {
        switch self {
        case .csv, .focus12, .focus14: "csv"
        case .jsonl: "jsonl"
        case .xlsx: "xlsx"
        case .statement: "html"
        }
    }

    /// The media type of its files.
    public var contentType: String {
        switch self {
        case .csv, .focus12, .focus14: "text/csv; charset=utf-8; header=present"
        case .jsonl: "application/jsonl; charset=utf-8"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        case .statement: "text/html; charset=utf-8"
        }
    }

    /// Whether it can say what providers charge the operator.
    public var hasUpstreamView: Bool {
        switch self {
        case .csv, .jsonl, .focus12, .focus14: true
        case .xlsx, .statement: false
        }
    }
}
