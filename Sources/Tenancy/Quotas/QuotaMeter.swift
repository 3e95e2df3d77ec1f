import Synchronization

/// Counts what tenants and keys ask for against their quotas.
///
/// Only owners that have a quota are counted. The rates start full after a restart; the days must be seeded
/// then, and when an owner gets its first quota of a day.
public final class QuotaMeter: Sendable {
    private let time: any TimeSource
    private let tallies = Mutex<[QuotaOwner: QuotaTally]>([:])

    /// A meter that has counted nothing yet.
    public init(time: any TimeSource) {
        self.time = time
    }

    /// Takes one request, its bound in tokens and a place in flight of both tenant and key, or nothing at all.
    ///
    /// The denial names the ceiling that keeps the request out longest.
    public func take(
        _ principal: Principal,
        tokens: Int64,
        at instant: Timestamp
    ) -> Result<QuotaLease, QuotaDenial> {
        let bound = max(0, tokens)
        guard Self.isBound(principal) else { return .success(QuotaLease(QuotaLease.Holdings())) }
        let uptime = time.uptime()
        return tallies.withLock { tallies in
            let parties = Self.parties(of: principal, &tallies)
            if let worst = Self.worst(parties, tokens: bound, at: instant, uptime: uptime) { return .failure(worst) }
            var holdings = QuotaLease.Holdings()
            for party in parties {
                let taken = party.tally.counters.take(party.quota, tokens: bound, in: party.tally)
                switch party.subject {
                case .tenant: holdings.tenant = taken
                case .key: holdings.key = taken
                }
            }
            return .success(QuotaLease(holdings))
        }
    }

    /// Takes one request of the rates of both tenant and key, or nothing at all, for what uses no tokens and counts in
    /// no day. The denial names the rate that keeps the request out longest; nil lets it in.
    public func takeRate(_ principal: Principal, at instant: Timestamp) -> QuotaDenial? {
        guard Self.isBound(principal) else { return nil }
        let uptime = time.uptime()
        return tallies.withLock { tallies in
            let parties = Self.parties(of: principal, &tallies).compactMap(\.requestRateOnly)
            if let worst = Self.worst(parties, tokens: 0, at: instant, uptime: uptime) { return worst }
            for party in parties { party.tally.counters.takeRate(party.quota) }
            return nil
        }
    }

    /// Ends the lease with the tokens really used; a second end has no effect.
    public func finish(_ lease: QuotaLease, tokens: Int64) {
        end(lease) { counters, taken in
            counters.correct(taken, tokens: max(0, tokens))
            counters.leave()
        }
    }

    /// Ends the lease of a request that was refused after all: nothing of it stays counted.
    public func giveBack(_ lease: QuotaLease) {
        end(lease) { counters, taken in
            counters.correct(taken, tokens: 0)
            counters.forget(taken)
            counters.leave()
        }
    }

    /// What is left of each ceiling that binds the principal, the tenant's first.
    public func state(_ principal: Principal, at instant: Timestamp) -> [QuotaState] {
        var states: [QuotaState] = []
        forEachState(principal, at: instant) { states.append($0) }
        return states
    }

    /// The ceilings that leave least to the principal, its own and its tenant's.
    public func tightest(_ principal: Principal, at instant: Timestamp) -> QuotaTightest {
        var tightest = QuotaTightest()
        forEachState(principal, at: instant) { tightest.consider($0) }
        return tightest
    }

    private func forEachState(_ principal: Principal, at instant: Timestamp, _ report: (QuotaState) -> Void) {
        guard Self.isBound(principal) else { return }
        let uptime = time.uptime()
        tallies.withLock { tallies in
            for party in Self.parties(of: principal, &tallies) {
                party.advance(at: instant, uptime: uptime)
                party.tally.counters.forEachState(party.quota, subject: party.subject, at: instant, report)
            }
        }
    }

    /// Raises the counts of the day that contains the instant to what the books have of it.
    public func seedDay(
        _ owner: QuotaOwner,
        timeZone: String,
        at instant: Timestamp,
        requests: Int64,
        tokens: Int64
    ) {
        tallies.withLock { tallies in
            Self.tally(of: owner, &tallies).counters
                .seedDay(zone: timeZone, at: instant, requests: requests, tokens: tokens)
        }
    }

    /// Drops the counts of a deleted tenant or key.
    public func forget(_ owner: QuotaOwner) {
        tallies.withLock { $0[owner] = nil }
    }

    /// Applies `body` to what each party of the lease took; a second end finds nothing.
    private func end(_ lease: QuotaLease, _ body: (inout QuotaCounters, QuotaTaken) -> Void) {
        lease.holdings.withLock { holdings in
            guard holdings.tenant != nil || holdings.key != nil else { return }
            // Of an owner that was forgotten meanwhile nobody asks any more.
            tallies.withLock { _ in
                if let taken = holdings.tenant { body(&taken.tally.counters, taken) }
                if let taken = holdings.key { body(&taken.tally.counters, taken) }
            }
            holdings.tenant = nil
            holdings.key = nil
        }
    }

    /// The denial that keeps the request out longest; nil if it fits under all ceilings.
    private static func worst(
        _ parties: [QuotaParty],
        tokens: Int64,
        at instant: Timestamp,
        uptime: Int64
    ) -> QuotaDenial? {
        var worst: QuotaDenial?
        for party in parties {
            party.advance(at: instant, uptime: uptime)
            let denial = party.tally.counters.denial(
                party.quota, tokens: tokens, subject: party.subject, at: instant)
            guard let denial, denial.retryAfterMS > worst?.retryAfterMS ?? 0 else { continue }
            worst = denial
        }
        return worst
    }

    /// Whether tenant or key have a quota.
    private static func isBound(_ principal: Principal) -> Bool {
        !principal.tenant.quota.isEmpty || !principal.key.quota.isEmpty
    }

    private static func parties(of principal: Principal, _ tallies: inout [QuotaOwner: QuotaTally]) -> [QuotaParty] {
        let zone = principal.tenant.tenant.timeZone
        var parties: [QuotaParty] = []
        parties.reserveCapacity(2)
        if !principal.tenant.quota.isEmpty {
            let tally = tally(of: .tenant(principal.tenant.tenant.id), &tallies)
            parties.append(QuotaParty(subject: .tenant, quota: principal.tenant.quota, zone: zone, tally: tally))
        }
        if !principal.key.quota.isEmpty {
            let tally = tally(of: .key(principal.key.key.id), &tallies)
            parties.append(QuotaParty(subject: .key, quota: principal.key.quota, zone: zone, tally: tally))
        }
        return parties
    }

    private static func tally(of owner: QuotaOwner, _ tallies: inout [QuotaOwner: QuotaTally]) -> QuotaTally {
        if let known = tallies[owner] { return known }
        let new = QuotaTally()
        tallies[owner] = new
        return new
    }
}
