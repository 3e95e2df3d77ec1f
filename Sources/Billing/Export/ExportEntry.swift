/// What a row of the ledger adds to a month, with its names as numbers.
struct ExportEntry {
    let group: ExportGroup
    let isRequest: Bool
    let isEstimated: Bool
    let usage: TokenUsage
    /// Picodollars, as the next two.
    let cost: Int64
    let listCost: Int64
    let upstreamCost: Int64
}
