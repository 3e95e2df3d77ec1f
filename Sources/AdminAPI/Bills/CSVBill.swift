import Billing
import Tenancy

/// A table with a line of headings: a day, an amount, and perhaps a model and a currency, in any order, as
/// `Columns` knows them. Cells are separated by commas or tabs, or by semicolons and then perhaps with decimal commas.
enum CSVBill {
    /// Where things stand in a line. OpenAI's own table has `start_time`, `amount_value`, `amount_currency` and
    /// `line_item`.
    private struct Columns {
        static let days = ["day", "date", "start_time", "starting_at"]
        static let costs = ["cost", "cost_usd", "amount", "amount_usd", "amount_value"]
        static let models = ["model", "line_item"]
        static let currencies = ["currency", "amount_currency", "billing_currency"]

        let count: Int
        let day: Int
        let cost: Int
        let model: Int?
        let isItem: Bool
        let currency: Int?

        /// nil if there is no day or no amount.
        init?(_ headings: [String]) {
            let names = headings.map { $0.lowercased().filter { $0 != " " } }
            func place(_ known: [String]) -> Int? { known.lazy.compactMap { names.firstIndex(of: $0) }.first }
            guard let day = place(Self.days), let cost = place(Self.costs) else { return nil }
            count = names.count
            (self.day, self.cost) = (day, cost)
            model = place(Self.models)
            isItem = model.map { names[$0] == "line_item" } ?? false
            currency = place(Self.currencies)
        }
    }

    /// A line and the number it begins at.
    private struct Line {
        let number: Int
        var cells: [String]
    }

    private static let separators: [Unicode.Scalar] = [",", ";", "\t"]
    /// Fields of a line; no provider's table comes near it.
    private static let mostCells = 1000

    static func read(_ bytes: [UInt8]) throws(Problem) -> [BilledAmount] {
        guard let whole = String(validating: bytes, as: UTF8.self) else { throw BillReading.fault("it is not UTF-8") }
        guard StreamSafeText.holds(whole) else {
            throw BillReading.fault("it has more than \(StreamSafeText.marksAtMost) marks on a letter")
        }
        let text =
            whole.unicodeScalars.first == "\u{FEFF}" ? whole.unicodeScalars.dropFirst() : whole.unicodeScalars[...]
        let heading = text.prefix { $0 != "\n" && $0 != "\r" }
        for separator in separators {
            guard let columns = Self.columns(heading, separator) else { continue }
            return try amounts(text, separator, columns)
        }
        throw BillReading.fault("line 1 needs headings for day, model and cost")
    }

    /// nil if a day or an amount is not among the headings; what else is wrong with them under this separator is of no
    /// interest.
    private static func columns(_ heading: Substring.UnicodeScalarView, _ separator: Unicode.Scalar) -> Columns? {
        var headings: [String] = []
        do {
            try eachLine(of: heading, separator) { line in headings = line.cells }
        } catch {
            return nil
        }
        return Columns(headings)
    }

    private static func amounts(
        _ text: Substring.UnicodeScalarView, _ separator: Unicode.Scalar, _ columns: Columns
    ) throws(Problem) -> [BilledAmount] {
        var reading = BillReading()
        try eachLine(of: text, separator) { line throws(Problem) in
            guard line.number > 1, line.cells != [""] else { return }
            try add(line, columns, hasCommas: separator == ";", to: &reading)
        }
        return reading.amounts
    }

    private static func add(
        _ line: Line, _ columns: Columns, hasCommas: Bool, to reading: inout BillReading
    ) throws(Problem) {
        let (cells, place) = (line.cells, "line \(line.number)")
        guard cells.count == columns.count else {
            throw BillReading.fault("\(place) has \(cells.count) fields, the headings \(columns.count)")
        }
        let (cost, currency) = (cells[columns.cost].trimmed, columns.currency.map { cells[$0].trimmed })
        // A day on which nothing was used, as OpenAI's table has it.
        if cost.isEmpty, currency == "" { return }
        let name = columns.model.map { cells[$0] } ?? ""
        try reading.add(
            day: day(cells[columns.day].trimmed),
            model: columns.isItem ? CostReport.model(ofItem: name) : name.nonEmpty,
            amount: hasCommas ? cost.replacing(",", with: ".") : cost, currency: currency, at: place)
    }

    /// `2026-11-01`, with or without a time behind it, or seconds since 1970.
    private static func day(_ cell: String) -> String { CostReport.day(ofSeconds: cell) ?? String(cell.prefix(10)) }

    /// Cells by separators, lines by line ends of all kinds; a cell in quotes may hold both, and quotes doubled. One
    /// line at a time: all lines of a body of line ends alone would be a hundred times the body.
    private static func eachLine(
        of text: Substring.UnicodeScalarView, _ separator: Unicode.Scalar, _ take: (Line) throws(Problem) -> Void
    ) throws(Problem) {
        var line = Line(number: 1, cells: [])
        var cell = ""
        var number = 1
        // A quote closes its cell, unless another one follows at once.
        var (isQuoted, wasQuoted, wasReturn) = (false, false, false)
        func next() -> Line { Line(number: number, cells: []) }
        for scalar in text {
            let isSecondHalf = scalar == "\n" && wasReturn
            wasReturn = scalar == "\r"
            let isEnd = scalar == "\r" || (scalar == "\n" && !isSecondHalf)
            if isEnd { number += 1 }
            if isQuoted {
                if scalar == "\"" { (isQuoted, wasQuoted) = (false, true) } else { cell.unicodeScalars.append(scalar) }
                continue
            }
            if isSecondHalf { continue }
            switch scalar {
            case "\"" where wasQuoted:
                cell.unicodeScalars.append(scalar)
                isQuoted = true
            case "\"" where cell.isEmpty: isQuoted = true
            case separator:
                line.cells.append(cell)
                cell = ""
                guard line.cells.count < mostCells else {
                    throw BillReading.fault("line \(line.number) has more than \(mostCells) fields")
                }
            case "\n", "\r":
                try take(Line(number: line.number, cells: line.cells + [cell]))
                (line, cell) = (next(), "")
            case _ where wasQuoted: throw BillReading.fault("line \(number) goes on behind a quote that was closed")
            default: cell.unicodeScalars.append(scalar)
            }
            wasQuoted = false
        }
        if isQuoted { throw BillReading.fault("line \(line.number) opens a quote that is not closed") }
        if !cell.isEmpty || !line.cells.isEmpty { try take(Line(number: line.number, cells: line.cells + [cell])) }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }

    /// Without the spaces around it.
    fileprivate var trimmed: String {
        let start = drop { $0 == " " }
        return String(start.prefix(start.count - start.reversed().prefix { $0 == " " }.count))
    }
}
