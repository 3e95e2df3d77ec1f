/// What a tenant drew in the month from what it had paid ahead; later months have that much less.
struct DrawFact: Codable, Sendable, Equatable {
    /// `ten_…`
    let tenantID: String
    /// In USD, above zero.
    let drawn: Money
}
