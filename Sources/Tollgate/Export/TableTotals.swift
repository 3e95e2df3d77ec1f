/// Recomputes a manifest's totals from the rows of a saved table, piece by piece.
struct TableTotals {
    /// Which table it is.
    enum Shape {
        /// `csv`, also as Excel gets it.
        case ledger
        /// FOCUS Cost and Usage, of what tenants are charged.
        case focus
        /// FOCUS Cost and Usage, of what providers charge.
        case upstreamFocus
        /// FOCUS Invoice Detail.
        case invoices
    }

    private let shape: Shape
    private let period: String
    private var reader: CSVReader?
    /// What came of the line of headings until its end is there.
    private var head: [UInt8] = []
    private var hasCommas = false
    private var places: [String: Int] = [:]
    private var totals = RowTotals()

    init(_ shape: Shape, period: String) {
        self.shape = shape
        self.period = period
    }

    mutating func add(_ bytes: [UInt8]) {
        guard totals.fault == nil else { return }
        var bytes = bytes[...]
        if reader == nil {
            head += bytes
            // Which mark stands between cells is seen in the whole line of headings.
            guard bytes.contains(UInt8(ascii: "\n")) else {
                if head.count > RowTotals.longestLine { totals.failOverlong() }
                return
            }
            bytes = head[...]
            head = []
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
            hasCommas = bytes.prefix { $0 != UInt8(ascii: "\n") }.contains(UInt8(ascii: ";"))
            reader = CSVReader(separator: UInt8(ascii: hasCommas ? ";" : ","))
        }
        for cells in reader?.lines(bytes) ?? [] { take(cells) }
        if reader?.isOverlong == true { totals.failOverlong() }
    }

    /// How the file and its manifest differ.
    func differences(from document: ExportDocument, rows: Int64) -> [String] {
        var names: [String]
        switch shape {
        case .ledger:
            names = ["rows", "requests", "list_cost", "cost", "corrections", "prepaid", "goodwill", "billed"]
            if places["upstream_cost"] != nil { names += ["upstream_cost", "unpriced_requests"] }
        case .focus: names = ["cost", "billed"]
        case .upstreamFocus: names = ["upstream_cost"]
        // Nothing is invoiced before the close, and nothing of a part.
        case .invoices: names = document.isClosed && document.json["filters"]["tag"] == .null ? ["billed"] : []
        }
        return totals.differences(from: document, names, rows: rows)
    }

    private mutating func take(_ cells: [String]) {
        guard totals.fault == nil else { return }
        guard !places.isEmpty else { return takeHeadings(cells) }
        guard cells.count == places.count else {
            return totals.fail("row \(totals.rows + 1) has \(cells.count) cells under \(places.count) headings")
        }
        let known = places
        func cell(_ name: String) -> String { known[name].map { cells[$0] } ?? "" }
        switch shape {
        case .ledger: takeLedger(cell)
        case .focus:
            let tenant = cell("SubAccountId")
            totals.begin(tenant)
            totals.add(SavedAmount.pico(cell("BilledCost")), to: "billed", of: tenant)
            if ["Usage", "Adjustment"].contains(cell("ChargeCategory")) {
                totals.add(SavedAmount.pico(cell("EffectiveCost")), to: "cost", of: tenant)
            }
        case .upstreamFocus:
            let tenant = cell("SubAccountId")
            totals.begin(tenant)
            totals.add(SavedAmount.pico(cell("BilledCost")), to: "upstream_cost", of: tenant)
        case .invoices:
            let (id, mark) = (cell("InvoiceId"), "inv_\(period)_")
            guard id.hasPrefix(mark) else { return totals.fail("row \(totals.rows + 1) is of another month") }
            let tenant = String(id.dropFirst(mark.count))
            totals.begin(tenant)
            totals.add(SavedAmount.pico(cell("BilledCost")), to: "billed", of: tenant)
        }
    }

    private mutating func takeHeadings(_ names: [String]) {
        for (place, name) in names.enumerated() where places.updateValue(place, forKey: name) != nil {
            totals.fail("the heading \(name) is there twice")
        }
    }

    private mutating func takeLedger(_ cell: (String) -> String) {
        let hasCommas = hasCommas
        func pico(_ name: String) -> Int128? {
            SavedAmount.pico(hasCommas ? cell(name).replacing(",", with: ".") : cell(name))
        }
        let tenant = cell("tenant_id")
        totals.begin(tenant)
        let (cost, billed) = (pico("cost"), pico("billed"))
        totals.add(Int128(cell("requests")), to: "requests", of: tenant)
        totals.add(pico("list_cost"), to: "list_cost", of: tenant)
        totals.add(cost, to: "cost", of: tenant)
        totals.add(billed, to: "billed", of: tenant)
        if !cell("corrects_period").isEmpty { totals.add(cost, to: "corrections", of: tenant) }
        switch cell("kind") {
        case "purchase": totals.add(billed, to: "prepaid", of: tenant)
        case "credit": totals.add(billed.map { 0 - $0 }, to: "goodwill", of: tenant)
        default: break
        }
        guard places["upstream_cost"] != nil else { return }
        totals.add(Int128(cell("unpriced_requests")), to: "unpriced_requests", of: tenant)
        if !cell("upstream_cost").isEmpty { totals.add(pico("upstream_cost"), to: "upstream_cost", of: tenant) }
    }
}
