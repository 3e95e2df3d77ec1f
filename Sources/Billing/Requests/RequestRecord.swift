public import Tenancy

/// One request as the ledger has it: who asked for what, and every attempt that was made.
public struct RequestRecord: Sendable {
    /// One try at one backend, the entries of which are summed.
    public struct Attempt: Sendable {
        /// From 1.
        public let number: Int
        /// The kinds of its entries.
        public internal(set) var entries: [String]
        /// The pool it went to.
        public let pool: String
        /// The backend it went to.
        public let backendID: String
        /// When it ended.
        public let endedAt: Timestamp
        /// How it ended, in one word.
        public let outcome: String
        /// The backend's HTTP status; 0 when there was none.
        public let status: Int
        /// Where the usage comes from.
        public let provenance: String
        /// Whether the answer was a stream.
        public let stream: Bool
        /// Whether emergency passthrough let it through.
        public let emergency: Bool
        /// What was used.
        public internal(set) var usage: TokenUsage
        /// What the tenant pays, `excess` included.
        public internal(set) var cost: Money
        /// The part of the cost beyond its hold.
        public internal(set) var excess: Money
        /// The cost at list price.
        public internal(set) var listCost: Money
        /// What the provider charges; nil when nobody knows.
        public internal(set) var upstreamCost: Money?
        /// The version of the price it was charged by.
        public let priceVersion: String?
        /// The tenant's factor on it, in millionths.
        public let multiplierPPM: Int64
    }

    /// `req_…`.
    public let id: String
    /// Who pays.
    public let tenantID: String
    /// Whose key was used.
    public let keyID: String
    /// The model by the name the client used.
    public let model: String
    /// When it was let in: the instant that windows, periods and prices go by.
    public let admittedAt: Timestamp
    /// In the order they were made; never empty.
    public internal(set) var attempts: [Attempt]

    /// What all attempts used together.
    public var usage: TokenUsage {
        attempts.reduce(into: .zero) { $0.add($1.usage) }
    }

    /// What all attempts cost together.
    public var cost: Money { attempts.reduce(.zero) { $0 + $1.cost } }
}
