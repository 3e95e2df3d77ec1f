/// A row's numbers as FOCUS wants them.
struct FocusCharge {
    enum Category: String, CaseIterable {
        case usage = "Usage"
        case purchase = "Purchase"
        case credit = "Credit"
        case adjustment = "Adjustment"
    }

    let category: Category
    let billed: Money
    let effective: Money
    let contracted: Money
    let list: Money
    /// Units used; nil for anything but usage.
    var consumed: Int64?
    /// Units priced; their product with a unit price is the cost, exactly.
    var priced: Int64?
    var listUnitPrice: Money?
    var unitPrice: Money?

    init(_ row: ExportRow, isUpstream: Bool) {
        if isUpstream {
            // The specification has no null for these four; `x_UpstreamCost` has, and without a price there is no usage
            // line to price.
            let cost = row.upstreamCost ?? .zero
            category = row.kind == .usage && row.upstreamCost != nil ? .usage : .adjustment
            (billed, effective, contracted, list) = (cost, cost, cost, cost)
            guard category == .usage else { return }
            consumed = row.units == 0 ? row.requests : row.units
            // A provider prices meters by rules of its own, so a day is one unit at what it cost.
            priced = 1
            (listUnitPrice, unitPrice) = (cost, cost)
            return
        }
        switch row.kind {
        case .usage:
            category = .usage
            (billed, effective, contracted, list) = (row.billed, row.cost, row.cost, row.listCost)
            (consumed, priced) = (row.units, row.units)
            (listUnitPrice, unitPrice) = (row.listUnitPrice, row.unitPrice)
        case .adjustment:
            category = .adjustment
            (billed, effective, contracted, list) = (row.billed, row.cost, row.cost, row.listCost)
        case .purchase:
            category = .purchase
            // What it covers has its own effective cost.
            (billed, effective, contracted, list) = (row.billed, .zero, row.billed, row.billed)
            priced = 1
            (listUnitPrice, unitPrice) = (row.billed, row.billed)
        case .credit:
            category = .credit
            (billed, effective, contracted, list) = (row.billed, row.billed, row.billed, row.billed)
        }
    }
}
