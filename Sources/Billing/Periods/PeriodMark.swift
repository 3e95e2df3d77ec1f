/// How far the tables are that facts are read from: equal marks mean that nothing they name was changed in between.
///
/// Every change of a name, a tag, a backend or a model is in the audit log with it; prices, credits and corrections are
/// only ever appended.
struct PeriodMark: Sendable, Equatable {
    let audit: Int64
    let prices: Int64
    let credits: Int64
    let corrections: Int64
}
