/// What a file tells beside its rows: of the month's facts those that are about its rows, so that a file which is
/// handed out says nothing of other tenants and of what providers charge.
struct ExportNotes: Sendable {
    /// In order of their ids: those the rows were priced by; in the operator's view also what providers charge.
    let prices: [PriceFact]
    /// In order of their ids.
    let corrections: [CorrectionFact]
    /// Oldest first.
    let uncertainHolds: [HoldFact]

    /// - Parameter versions: the price versions that the rows name.
    init(_ query: ExportQuery, _ facts: PeriodFacts, versions: Set<String>) {
        let scope = ExportScope(query, facts, through: 0)
        func isWanted(_ tenantID: String?, _ keyID: String?) -> Bool {
            if query.tenantID == nil, query.tag == nil { return true }
            guard let tenantID, query.tenantID == nil || query.tenantID == tenantID else { return false }
            return scope.includes(tenantID: tenantID, keyID: keyID ?? "")
        }
        prices = facts.prices.values.filter { price in
            guard price.kind == PriceKind.upstream.rawValue else { return versions.contains(price.id) }
            return query.view == .upstream
        }.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        corrections = facts.corrections.values.filter { isWanted($0.tenantID, $0.keyID) }
            .sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        uncertainHolds = facts.uncertainHolds.filter { isWanted($0.tenantID, $0.keyID) }
    }
}
