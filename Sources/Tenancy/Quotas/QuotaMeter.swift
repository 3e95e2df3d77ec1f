import Synchronization

/// Counts what tenants and keys ask for against their quotas.
///
/// Only owners that have a quota are counted. The rates start full after a restart; the days must be seeded.
public final class QuotaMeter: Sendable {
    private let time: any TimeSource
    private let counters = Mutex<[QuotaOwner: QuotaCounters]>([:])

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
        let parties = Self.parties(of: principal)
        guard !parties.isEmpty else { return .success(QuotaLease(QuotaLease.Holdings())) }
        let uptime = time.uptime()
        return counters.withLock { counters in
            if let worst = Self.worst(parties, &counters, tokens: bound, at: instant, uptime: uptime) {
                return .failure(worst)
            }
            var holdings = QuotaLease.Holdings()
            for party in parties {
                let taken = counters[party.owner]?.take(party.quota, tokens: bound, owner: party.owner)
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
        let parties = Self.parties(of: principal).compactMap(\.requestRateOnly)
        guard !parties.isEmpty else { return nil }
        let uptime = time.uptime()
        return counters.withLock { counters in
            if let worst = Self.worst(parties, &counters, tokens: 0, at: instant, uptime: uptime) { return worst }
            for party in parties { counters[party.owner]?.takeRate(party.quota) }
            return nil
        }
    }

    /// Replaces the tokens taken by another number, e.g. a smaller bound; the request stays in flight.
    public func correct(_ lease: QuotaLease, tokens: Int64) {
        change(lease) { counters, taken in
            counters.correct(&taken, tokens: max(0, tokens))
            return true
        }
    }

    /// Ends the lease with the tokens really used; a second end has no effect.
    public func finish(_ lease: QuotaLease, tokens: Int64) {
        change(lease) { counters, taken in
            counters.correct(&taken, tokens: max(0, tokens))
            counters.leave()
            return false
        }
    }

    /// Ends the lease of a request that was refused after all: nothing of it stays counted.
    public func giveBack(_ lease: QuotaLease) {
        change(lease) { counters, taken in
            counters.correct(&taken, tokens: 0)
            counters.forget(taken)
            counters.leave()
            return false
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
        let parties = Self.parties(of: principal)
        guard !parties.isEmpty else { return }
        let uptime = time.uptime()
        counters.withLock { counters in
            for party in parties {
                party.with(&counters, at: instant, uptime: uptime) {
                    $0.forEachState(party.quota, subject: party.subject, at: instant, report)
                }
            }
        }
    }

    /// Sets the counts of the day that contains the instant, as found in the books.
    public func seedDay(
        _ owner: QuotaOwner,
        timeZone: String,
        at instant: Timestamp,
        requests: Int64,
        tokens: Int64
    ) {
        counters.withLock { counters in
            counters[owner, default: QuotaCounters()]
                .seedDay(zone: timeZone, at: instant, requests: requests, tokens: tokens)
        }
    }

    /// Drops the counts of a deleted tenant or key.
    public func forget(_ owner: QuotaOwner) {
        counters.withLock { $0[owner] = nil }
    }

    /// Applies `body` to what each party of the lease took; it says whether the lease goes on.
    private func change(_ lease: QuotaLease, _ body: (inout QuotaCounters, inout QuotaTaken) -> Bool) {
        lease.holdings.withLock { holdings in
            guard holdings.tenant != nil || holdings.key != nil else { return }
            counters.withLock { counters in
                holdings.tenant = Self.changed(holdings.tenant, &counters, body)
                holdings.key = Self.changed(holdings.key, &counters, body)
            }
        }
    }

    /// The denial that keeps the request out longest; nil if it fits under all ceilings.
    private static func worst(
        _ parties: [QuotaParty],
        _ counters: inout [QuotaOwner: QuotaCounters],
        tokens: Int64,
        at instant: Timestamp,
        uptime: Int64
    ) -> QuotaDenial? {
        var worst: QuotaDenial?
        for party in parties {
            let denial = party.with(&counters, at: instant, uptime: uptime) {
                $0.denial(party.quota, tokens: tokens, subject: party.subject, at: instant)
            }
            guard let denial, denial.retryAfterMS > worst?.retryAfterMS ?? 0 else { continue }
            worst = denial
        }
        return worst
    }

    private static func changed(
        _ taken: QuotaTaken?,
        _ counters: inout [QuotaOwner: QuotaCounters],
        _ body: (inout QuotaCounters, inout QuotaTaken) -> Bool
    ) -> QuotaTaken? {
        guard var taken else { return nil }
        var goesOn = false
        if var subject = counters[taken.owner] {
            goesOn = body(&subject, &taken)
            counters[taken.owner] = subject
        }
        return goesOn ? taken : nil
    }

    private static func parties(of principal: Principal) -> [QuotaParty] {
        let (tenant, key) = (principal.tenant.tenant, principal.key.key)
        var parties: [QuotaParty] = []
        if !principal.tenant.quota.isEmpty {
            parties.append(
                QuotaParty(
                    subject: .tenant, owner: .tenant(tenant.id), quota: principal.tenant.quota, zone: tenant.timeZone))
        }
        if !principal.key.quota.isEmpty {
            parties.append(
                QuotaParty(subject: .key, owner: .key(key.id), quota: principal.key.quota, zone: tenant.timeZone))
        }
        return parties
    }
}
