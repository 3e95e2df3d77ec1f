import Billing
import Tenancy

/// A table with a line of headings: `day` or `date`, `model`, and `cost`, `cost_usd` or `amount`; in USD if it has a
/// column `currency`. Cells are separated by commas, or by semicolons and then with decimal commas or points.
enum CSVBill {
    static func read(_ bytes: [UInt8]) throws(Problem) -> [BilledAmount] {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw BillFormat.fault("is not UTF-8") }
        let heading = text.prefix { $0 != "\n" && $0 != "\r\n" }
        let separator: Unicode.Scalar = heading.contains(";") && !heading.contains(",") ? ";" : ","
        var rows = try rows(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text, separator)
        guard !rows.isEmpty else { throw BillFormat.fault("has no line of headings") }
        let headings = rows.removeFirst().map { $0.lowercased() }
        guard let day = headings.firstIndex(where: { ["day", "date"].contains($0) }),
            let cost = headings.firstIndex(where: { ["cost", "cost_usd", "amount"].contains($0) })
        else { throw BillFormat.fault("needs the columns day, model and cost") }
        let (model, currency) = (headings.firstIndex(of: "model"), headings.firstIndex(of: "currency"))
        var amounts: [BilledAmount] = []
        for row in rows where row != [""] {
            guard row.count == headings.count, CalendarZone.utc.start(ofDate: String(row[day].prefix(10))) != nil else {
                throw BillFormat.fault("line \(amounts.count + 2) has no day or not as many fields as headings")
            }
            if let currency, row[currency].lowercased() != "usd" {
                throw BillFormat.fault("the bill is in \(row[currency]), not in USD")
            }
            let name = model.map { row[$0] } ?? ""
            amounts.append(
                BilledAmount(
                    day: String(row[day].prefix(10)), model: name.isEmpty ? nil : name,
                    amount: try BillFormat.amount(
                        separator == ";" ? row[cost].replacing(",", with: ".") : row[cost])))
        }
        return amounts
    }

    /// Fields by separators, rows by line ends; a field in quotes may hold both, and quotes doubled.
    private static func rows(_ text: String, _ separator: Unicode.Scalar) throws(Problem) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        // A quote closes its field, unless another one follows at once.
        var (isQuoted, wasQuoted) = (false, false)
        for scalar in text.unicodeScalars {
            if isQuoted {
                if scalar == "\"" { (isQuoted, wasQuoted) = (false, true) } else { field.unicodeScalars.append(scalar) }
                continue
            }
            switch scalar {
            case "\"" where wasQuoted:
                field.unicodeScalars.append(scalar)
                isQuoted = true
            case "\"" where field.isEmpty: isQuoted = true
            case separator:
                row.append(field)
                field = ""
            case "\n":
                rows.append(row + [field])
                (row, field) = ([], "")
            case "\r": break
            default: field.unicodeScalars.append(scalar)
            }
            wasQuoted = false
        }
        if isQuoted { throw BillFormat.fault("a quote is not closed") }
        if !field.isEmpty || !row.isEmpty { rows.append(row + [field]) }
        return rows
    }
}
