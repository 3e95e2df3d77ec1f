import Foundation

/// Adds up the amounts of a saved CSV file by tenant, piece by piece, as exact decimals.
struct ExportColumnSums {
    private static let amounts = ["list_cost", "cost", "billed"]

    private var reader = CSVReader()
    private var places: [String: Int] = [:]
    private var rows: Int64 = 0
    private var sums: [String: [String: Int128]] = [:]
    private var fault: String?

    mutating func add(_ bytes: [UInt8]) {
        for cells in reader.lines(bytes) { take(cells) }
    }

    /// How the file and its manifest differ.
    func differences(from document: ExportDocument, rows expected: Int64) -> [String] {
        if let fault { return [fault] }
        var differences: [String] = []
        if rows != expected { differences.append("has \(rows) rows, the manifest says \(expected)") }
        var told: [String: JSONValue] = [:]
        for total in document.json["totals"].items { told[total["tenant_id"].plain] = total }
        for tenant in Set(told.keys).union(sums.keys).sorted() {
            for column in Self.amounts {
                let found = sums[tenant]?[column] ?? 0
                let expected = told[tenant]?[column].string.flatMap(Self.pico) ?? 0
                if found != expected { differences.append("\(column) of \(tenant) is not what the manifest says") }
            }
        }
        return differences
    }

    private mutating func take(_ cells: [String]) {
        guard !places.isEmpty else {
            for (place, name) in cells.enumerated() { places[name] = place }
            return
        }
        rows += 1
        guard let place = places["tenant_id"], place < cells.count else {
            fault = "has no column tenant_id"
            return
        }
        for column in Self.amounts {
            guard let amount = places[column], amount < cells.count, let pico = Self.pico(cells[amount]) else {
                fault = "row \(rows) has no amount in \(column)"
                return
            }
            let before = sums[cells[place]]?[column] ?? 0
            let (sum, overflow) = before.addingReportingOverflow(pico)
            guard !overflow else {
                fault = "row \(rows) makes a sum in \(column) that no invoice has"
                return
            }
            sums[cells[place], default: [:]][column] = sum
        }
    }

    /// A decimal of dollars in picodollars, exactly.
    private static func pico(_ text: String) -> Int128? {
        let isNegative = text.hasPrefix("-")
        let parts = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count, let whole = Int128(parts[0]), whole >= 0 else { return nil }
        let digits = parts.count == 2 ? String(parts[1]) : ""
        guard digits.utf8.count <= 12, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let padded = digits + String(repeating: "0", count: 12 - digits.utf8.count)
        guard let fraction = Int128(padded) else { return nil }
        let (scaled, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000_000_000)
        let (pico, overflow) = scaled.addingReportingOverflow(fraction)
        if isTooLarge || overflow { return nil }
        return isNegative ? -pico : pico
    }
}
