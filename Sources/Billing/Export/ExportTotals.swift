/// What rows come to.
struct ExportTotals: Sendable, Equatable {
    var rows: Int64 = 0
    var requests: Int64 = 0
    var units: Int128 = 0
    var cost = Money.zero
    var listCost = Money.zero
    var billed = Money.zero
    /// As far as it is known.
    var upstreamCost = Money.zero
    /// Requests whose upstream cost is not known.
    var unpriced: Int64 = 0
    /// Of the cost, what corrects closed months.
    var corrections = Money.zero
    /// Paid ahead in the month.
    var purchases = Money.zero
    /// Granted in the month.
    var credits = Money.zero

    mutating func add(_ row: ExportRow) {
        rows += 1
        requests &+= row.requests
        units += Int128(row.units)
        cost += row.cost
        listCost += row.listCost
        billed += row.billed
        upstreamCost += row.upstreamCost ?? .zero
        unpriced &+= row.unpriced
        if row.correctsPeriod != nil { corrections += row.cost }
        switch row.kind {
        case .purchase: purchases += row.billed
        case .credit: credits -= row.billed
        case .usage, .adjustment: break
        }
    }
}
