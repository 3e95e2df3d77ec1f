/// What a row of the ledger adds to a month, with its names as numbers.
struct ExportEntry {
    let group: ExportGroup
    let isRequest: Bool
    let isEstimated: Bool
    let usage: TokenUsage
    /// Picodollars, as the next two.
    let cost: Int64
    let listCost: Int64
    /// nil: the provider's price was not known, or nothing was asked of one.
    let upstreamCost: Int64?
}
