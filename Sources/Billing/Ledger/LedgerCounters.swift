/// What the ledger has counted since the process started.
public struct LedgerCounters: Sendable, Equatable {
    /// Attempts settled with an answer.
    public var settled: UInt64 = 0
    /// Attempts released without cost.
    public var released: UInt64 = 0
    /// Attempts that cost more than was held for them.
    public var excess: UInt64 = 0
    /// Attempts whose usage was estimated.
    public var estimated: UInt64 = 0
    /// Attempts that were sent and not answered.
    public var unanswered: UInt64 = 0
    /// Settlements that came twice and changed nothing.
    public var duplicates: UInt64 = 0
    /// Live holds now.
    public var liveHolds = 0
    /// Uncertain holds now.
    public var uncertainHolds = 0
    /// Requests that wait for money now.
    public var waiting = 0
    /// The writer's own figures.
    public var journal = JournalCounters()

    /// Nothing counted yet.
    public init() {}
}
