/// One frozen fact to be written down.
struct PeriodFactRow: Sendable, Equatable {
    let kind: String
    let id: String
    /// JSON; nil: an earlier attempt wrote it, and it is none any more.
    let body: String?
}
