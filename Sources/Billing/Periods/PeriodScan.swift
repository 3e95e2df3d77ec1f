/// What reading all entries of a month once says of it.
struct PeriodScan: Sendable, Equatable {
    /// Everything the entries name.
    let names: PeriodNames
    let entries: Int64
    /// 0 without entries.
    let lastSequence: Int64
    let cost: Money
    /// The chain's head it began after; nil: at the start.
    let previousHead: String?
    /// 64 hexadecimal digits.
    let chainHead: String
}
