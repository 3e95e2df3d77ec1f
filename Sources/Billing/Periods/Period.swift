public import Tenancy

/// A billing month and where it stands.
public struct Period: Sendable, Equatable {
    /// What a request to close it said.
    public struct Closing: Sendable, Equatable {
        /// When it was asked for.
        public let requestedAt: Timestamp
        /// Who asked, as the audit log names it.
        public let requestedBy: String
        /// It closes at this instant, or once the last call admitted in it has ended.
        public let dueAt: Timestamp

        /// A request as stored.
        public init(requestedAt: Timestamp, requestedBy: String, dueAt: Timestamp) {
            self.requestedAt = requestedAt
            self.requestedBy = requestedBy
            self.dueAt = dueAt
        }
    }

    /// Which month.
    public let month: BillingPeriod
    /// The request to close it; nil while it is open.
    public let closing: Closing?
    /// What the close wrote; nil before.
    public let seal: PeriodSeal?

    /// A month as stored; without a request it is open.
    public init(_ month: BillingPeriod, closing: Closing? = nil, seal: PeriodSeal? = nil) {
        self.month = month
        self.closing = closing
        self.seal = seal
    }

    /// Where it stands.
    public var status: PeriodStatus {
        if seal != nil { return .closed }
        return closing == nil ? .open : .closing
    }
}
