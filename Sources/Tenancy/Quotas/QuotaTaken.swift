/// What one request took of one owner's quotas.
struct QuotaTaken: Sendable {
    /// Where it was counted.
    let tally: QuotaTally
    /// The ceilings when it was taken; later changes do not alter what must be given back.
    let requestRate: Int64?
    let tokenRate: Int64?
    /// The day it was counted on.
    let day: Timestamp?
    var rateTokens: Int64 = 0
    var dayTokens: Int64 = 0
}
