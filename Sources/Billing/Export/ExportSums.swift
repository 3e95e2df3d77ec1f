/// What the entries of one group come to.
struct ExportSums {
    var requests: Int64 = 0
    var usage = TokenUsage.zero
    /// Of the usage, what nobody reported in full.
    var estimated = TokenUsage.zero
    var cost: Int128 = 0
    var listCost: Int128 = 0
    /// Of what is known of it; nil: nothing is.
    var upstreamCost: Int128?
    /// Requests whose upstream cost is not known.
    var unpriced: Int64 = 0

    mutating func add(_ entry: ExportEntry) {
        if entry.isRequest { requests &+= 1 }
        usage.add(entry.usage)
        if entry.isEstimated { estimated.add(entry.usage) }
        // 2^63 lines of 2^63 picodollars fit.
        cost &+= Int128(entry.cost)
        listCost &+= Int128(entry.listCost)
        if let known = entry.upstreamCost {
            upstreamCost = (upstreamCost ?? 0) &+ Int128(known)
        } else if entry.isRequest {
            unpriced &+= 1
        }
    }
}
