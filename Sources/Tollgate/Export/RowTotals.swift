/// What the rows of a saved file come to by tenant, under the names that the manifest's totals have.
struct RowTotals {
    /// Bytes; the lines of an export have some kilobytes.
    static let longestLine = 1 << 20

    private(set) var rows: Int64 = 0
    private(set) var fault: String?
    private var sums: [String: [String: Int128]] = [:]

    /// Counts a row.
    mutating func begin(_ tenant: String) {
        rows += 1
        add(1, to: "rows", of: tenant)
    }

    /// Adds to a total; nil is a fault, because nothing in the last row could be read as an amount.
    mutating func add(_ amount: Int128?, to name: String, of tenant: String) {
        guard fault == nil else { return }
        guard let amount else { return fail("row \(rows) has no amount for \(name)") }
        let (sum, overflow) = (sums[tenant]?[name] ?? 0).addingReportingOverflow(amount)
        guard !overflow else { return fail("row \(rows) makes a sum of \(name) that no invoice has") }
        sums[tenant, default: [:]][name] = sum
    }

    /// The file cannot be read any further.
    mutating func fail(_ what: String) {
        if fault == nil { fault = what }
    }

    /// The next line is longer than any that was saved: it is not kept to see where it ends.
    mutating func failOverlong() {
        fail("after \(rows) rows comes a line of more than \(Self.longestLine) bytes")
    }

    /// Where the sums under these names are not the manifest's.
    func differences(from document: ExportDocument, _ names: [String], rows expected: Int64) -> [String] {
        if let fault { return [fault] }
        var differences: [String] = []
        if rows != expected { differences.append("has \(rows) rows, the manifest says \(expected)") }
        let told = document.totals
        for tenant in Set(told.keys).union(sums.keys).sorted() {
            for name in names where Self.amount(told[tenant]?[name]) != sums[tenant]?[name] ?? 0 {
                differences.append("\(name) of \(tenant) is not what the manifest says")
            }
        }
        return differences
    }

    /// Picodollars of a text, or a count; 0 for nothing.
    static func amount(_ value: JSONValue?) -> Int128? {
        guard let value else { return 0 }
        return value.string.map(SavedAmount.pico) ?? Int128(value.plain)
    }
}
