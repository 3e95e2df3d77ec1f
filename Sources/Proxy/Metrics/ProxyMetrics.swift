public import Billing
import Synchronization

/// What `tollgate_requests_total` is counted by.
public struct RequestLabels: Hashable, Sendable {
    /// The tenant's name; empty before a key was accepted.
    public let tenant: String
    /// The pool that served, or was last tried.
    public let pool: String
    /// The model's name; empty if there is no such model.
    public let model: String
    /// One of a bounded set of words, such as `ok` or `denied_budget`.
    public let outcome: String
}

/// What `tollgate_tokens_total` and `tollgate_units_total` are counted by.
public struct TokenLabels: Hashable, Sendable {
    /// The tenant's name.
    public let tenant: String
    /// The model's name.
    public let model: String
    /// The meter's name, such as `input` or `image`.
    public let meter: String
}

/// What `tollgate_cost_usd_total` is counted by.
public struct CostLabels: Hashable, Sendable {
    /// The tenant's name.
    public let tenant: String
    /// The model's name.
    public let model: String
}

/// What `tollgate_emergency_total` is counted by.
public struct EmergencyLabels: Hashable, Sendable {
    /// The pool that was tried.
    public let pool: String
    /// The backend's name.
    public let backend: String
    /// `answered`, `failed` or `client_gone`.
    public let outcome: String
}

/// What `tollgate_usage_anomalies_total` is counted by.
public struct UsageAnomalyLabels: Hashable, Sendable {
    /// What about a report cannot be.
    public enum Reason: String, Sendable {
        /// It is at odds with itself, or a count is negative, too large or no whole number.
        case contradictory
        /// More than the call was bounded to.
        case aboveBound = "above_bound"
        /// A service tier that has no price.
        case unpricedTier = "unpriced_tier"
    }

    /// The pool.
    public let pool: String
    /// The backend's name.
    public let backend: String
    /// What was wrong.
    public let reason: Reason
}

/// The data plane's figures at one moment.
public struct ProxyMetricsSnapshot: Sendable {
    /// Requests that ended.
    public var requests: [RequestLabels: UInt64] = [:]
    /// Tokens settled.
    public var tokens: [TokenLabels: UInt64] = [:]
    /// Images, seconds and other units settled.
    public var units: [TokenLabels: UInt64] = [:]
    /// US dollars settled.
    public var cost: [CostLabels: Money] = [:]
    /// Attempts by emergency passthrough.
    public var emergencies: [EmergencyLabels: UInt64] = [:]
    /// Reports of usage that could not be.
    public var anomalies: [UsageAnomalyLabels: UInt64] = [:]
    /// Seconds the gateway itself added to answered requests.
    public var overhead: HistogramSnapshot
    /// Seconds from the whole request to the first relayed event.
    public var timeToFirstToken: HistogramSnapshot
    /// The `gen_ai_*` histograms of calls that reached a backend.
    public var calls: [CallLabels: CallHistogramsSnapshot] = [:]
}

/// How many requests ended in which way, and how long they took, over all tenants.
public struct TrafficTotals: Sendable {
    /// Requests by the word for how they ended.
    public var outcomes: [String: UInt64]
    /// Seconds the gateway itself added to answered requests.
    public var overhead: HistogramSnapshot
    /// Seconds from the whole request to the first relayed event.
    public var timeToFirstToken: HistogramSnapshot
}

/// The data plane's counters, updated once or twice a request under one short lock.
public final class ProxyMetrics: Sendable {
    /// What one tenant used of one model.
    private struct Spend {
        var usage = TokenUsage.zero
        var cost = Money.zero

        mutating func add(_ usage: TokenUsage, _ cost: Money) {
            self.usage.add(usage)
            self.cost += cost
        }
    }

    private struct Figures {
        var requests: [RequestLabels: UInt64] = [:]
        /// The same, by outcome alone: summing the many up at each look would keep requests waiting.
        var outcomes: [String: UInt64] = [:]
        var spend: [CostLabels: Spend] = [:]
        var emergencies: [EmergencyLabels: UInt64] = [:]
        var anomalies: [UsageAnomalyLabels: UInt64] = [:]
        var overhead = Histogram(bounds: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1])
        var timeToFirstToken = Histogram(bounds: CallHistograms.firstTokenBounds)
        var calls: [CallLabels: CallHistograms] = [:]
    }

    /// Sets of labels of the `gen_ai_*` histograms; calls beyond them are counted together.
    private static let callLabelLimit = 1000
    /// Sets of labels of requests; those beyond are counted without the tenant's name. A tenant's labels stay until
    /// the process ends, archived or not, so that no counter ever falls.
    static let requestLabelLimit = 20_000
    /// The same of tokens, units and cost: each set is a sample for the cost and one a meter.
    static let spendLabelLimit = 10_000

    private let figures = Mutex(Figures())

    /// Counters at zero.
    public init() {}

    /// All figures as they are now.
    ///
    /// Under the lock the tables are only shared: requests do not wait for what is made of them, and the next one to
    /// change a table copies it once.
    public func snapshot() -> ProxyMetricsSnapshot {
        let figures = figures.withLock { $0 }
        var snapshot = ProxyMetricsSnapshot(
            requests: figures.requests, emergencies: figures.emergencies, anomalies: figures.anomalies,
            overhead: figures.overhead.snapshot, timeToFirstToken: figures.timeToFirstToken.snapshot,
            calls: figures.calls.mapValues(\.snapshot))
        for (labels, spend) in figures.spend {
            snapshot.cost[labels] = spend.cost
            for meter in Meter.allCases where spend.usage[meter] > 0 {
                let meterLabels = TokenLabels(tenant: labels.tenant, model: labels.model, meter: meter.rawValue)
                let path = meter.isToken ? \ProxyMetricsSnapshot.tokens : \.units
                snapshot[keyPath: path][meterLabels] = UInt64(spend.usage[meter])
            }
        }
        return snapshot
    }

    /// The sums over all tenants as they are now.
    public func totals() -> TrafficTotals {
        let (outcomes, overhead, timeToFirstToken) = figures.withLock {
            ($0.outcomes, $0.overhead, $0.timeToFirstToken)
        }
        return TrafficTotals(
            outcomes: outcomes, overhead: overhead.snapshot, timeToFirstToken: timeToFirstToken.snapshot)
    }

    /// Counts a request that ended with `outcome`.
    func count(tenant: String, pool: String, model: String, outcome: String) {
        let labels = RequestLabels(tenant: tenant, pool: pool, model: model, outcome: outcome)
        figures.withLock { figures in
            let place = labels.within(Self.requestLabelLimit, of: figures.requests)
            figures.requests[place, default: 0] += 1
            figures.outcomes[outcome, default: 0] += 1
        }
    }

    /// Counts an attempt by emergency passthrough.
    func countEmergency(pool: String, backend: String, outcome: String) {
        let labels = EmergencyLabels(pool: pool, backend: backend, outcome: outcome)
        figures.withLock { $0.emergencies[labels, default: 0] += 1 }
    }

    /// Counts a report of usage that cannot be.
    func countAnomaly(pool: String, backend: String, reason: UsageAnomalyLabels.Reason) {
        let labels = UsageAnomalyLabels(pool: pool, backend: backend, reason: reason)
        figures.withLock { $0.anomalies[labels, default: 0] += 1 }
    }

    /// Counts what one settled attempt used.
    func add(_ usage: TokenUsage, cost: Money, tenant: String, model: String) {
        let labels = CostLabels(tenant: tenant, model: model)
        figures.withLock { figures in
            let place = labels.within(Self.spendLabelLimit, of: figures.spend)
            figures.spend[place, default: Spend()].add(usage, cost)
        }
    }

    /// Counts one call that reached a backend in the `gen_ai_*` histograms.
    func add(_ call: CallFigures) {
        figures.withLock { figures in
            let isKnown = figures.calls[call.labels] != nil
            let labels =
                isKnown || figures.calls.count < Self.callLabelLimit
                ? call.labels
                : CallLabels(
                    operation: call.labels.operation, provider: call.labels.provider, originalModel: "other",
                    requestModel: "other", errorType: call.labels.errorType)
            figures.calls[labels, default: CallHistograms()].add(call)
        }
    }

    /// Time the gateway itself added to an answered request.
    func observe(overheadNanoseconds: Int64) {
        figures.withLock { $0.overhead.observe(nanoseconds: overheadNanoseconds) }
    }

    /// Time from the whole request to the first relayed event.
    func observe(firstTokenNanoseconds: Int64) {
        figures.withLock { $0.timeToFirstToken.observe(nanoseconds: firstTokenNanoseconds) }
    }
}
