import Foundation
import Support
import Tenancy
import Testing

@testable import Billing

/// One random history, told to the real ledger and to the naive one.
final class ModelHistory {
    private static let zones = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
    private static let minute: Int64 = 60_000

    let fixture: LedgerFixture
    private(set) var model: NaiveLedger
    private(set) var disagreement = ""
    private var random: SeededGenerator
    private var live: [HoldID: Reservation] = [:]

    init(seed: UInt64, at start: Timestamp) throws {
        fixture = try LedgerFixture(at: start)
        model = NaiveLedger(zone: .gmt)
        random = SeededGenerator(seed: seed)
    }

    private var now: Timestamp { fixture.clock.now() }

    /// Does one random thing and says what.
    func step() async throws -> String {
        switch random.below(100) {
        case 0..<32: return try reserve(at: now)
        case 32..<48: return await record()
        case 48..<66: return await settle()
        case 66..<71: return abandon()
        case 71..<76: return try await swap()
        case 76..<82: return try await resolve()
        case 82..<87: return try await changeBudget()
        case 87..<91: return try await makeBudget()
        case 91..<92: return try await deleteBudget()
        case 92..<93: return try await moveZone()
        case 93..<96: return advance()
        case 96..<98: return try lateClaim()
        default: return try restart()
        }
    }

    /// Whether every budget has the same figures in both.
    func agrees() throws -> Bool {
        for id in model.caps.keys {
            let (real, naive) = (fixture.figures(id), model.figures(id, at: now))
            if real != naive { disagreement = "\(id): \(real), expected \(naive)" }
        }
        let uncertain = fixture.ledger.uncertainHolds().count
        let expected = model.holds.values.count(where: \.isUncertain)
        if uncertain != expected { disagreement = "\(uncertain) uncertain holds, expected \(expected)" }
        return disagreement.isEmpty
    }

    /// Ends every call and resolves every hold.
    func drain() async throws {
        for (id, reservation) in live {
            #expect(await fixture.settle(reservation, cost: 0, outcome: .notSent) == nil)
            model.end(id, cost: 0)
        }
        live = [:]
        for hold in fixture.ledger.uncertainHolds() {
            try await fixture.ledger.resolve(hold.id, .release)
            model.end(hold.id, cost: 0)
        }
    }

    // MARK: Calls

    private func nextClaim(at instant: Timestamp) -> Ledger.Claim {
        let wanted = random.oneIn(20) ? 0 : random.below(60)
        let mayTrim = random.oneIn(3)
        return fixture.claim(
            wanted, atLeast: mayTrim ? wanted / 4 : nil, key: random.oneIn(2) ? LedgerFixture.keyA : LedgerFixture.keyB,
            model: random.oneIn(2) ? "m" : "x", pool: random.oneIn(3) ? "q" : "p",
            of: RequestID.make(at: instant, using: &random), at: instant)
    }

    private func scope(_ claim: Ledger.Claim) -> NaiveLedger.Scope {
        NaiveLedger.Scope(keyID: claim.keyID, model: claim.model, pool: claim.pool)
    }

    private func reserve(at instant: Timestamp) throws -> String {
        let claim = nextClaim(at: instant)
        let decision = fixture.ledger.reserve(claim)
        return judge(decision, claim, at: instant)
    }

    private func judge(_ decision: Ledger.Decision, _ claim: Ledger.Claim, at instant: Timestamp) -> String {
        let expected = model.answer(
            scope(claim), wanted: Int(claim.wanted.pico), atLeast: Int(claim.atLeast.pico), at: instant)
        let found: NaiveLedger.Answer
        switch decision {
        case .held(let reservation):
            found = .held(Int(reservation.amount.pico))
            if reservation.admittedAt != instant { disagreement = "admitted at \(reservation.admittedAt)" }
            live[reservation.hold.id] = reservation
            model.holds[reservation.hold.id] = NaiveLedger.Held(
                scope: scope(claim), admittedAt: instant, amount: Int(reservation.amount.pico))
            checkCaps(claim, at: instant)
        case .short(let shortage):
            found = .short(waitingHelps: shortage.waitingHelps)
        }
        if found != expected { disagreement = "answer \(found), expected \(expected)" }
        return "reserve \(claim.wanted.pico)"
    }

    /// An admission must leave every cap it counts in unbroken.
    private func checkCaps(_ claim: Ledger.Claim, at instant: Timestamp) {
        guard claim.wanted != .zero else { return }
        for cap in model.caps.values where cap.budget.mode == .hard {
            guard cap.matches(scope(claim)) else { continue }
            let sums = model.sums(cap, at: instant)
            if sums.posted + sums.live + sums.uncertain > Int(cap.budget.limit.pico) {
                disagreement = "\(cap.budget.id) went over its cap"
            }
        }
    }

    private func pick(where isEligible: (HoldID) -> Bool = { _ in true }) -> (HoldID, Reservation)? {
        let ids = live.keys.filter(isEligible).sorted { $0.text < $1.text }
        guard !ids.isEmpty else { return nil }
        let id = ids[random.below(ids.count)]
        return live[id].map { (id, $0) }
    }

    private func record() async -> String {
        guard let (id, reservation) = pick(where: { model.holds[$0]?.isRecorded == false }) else { return "nothing" }
        if let error = await fixture.record(reservation) { disagreement = "\(error)" }
        model.holds[id]?.isRecorded = true
        return "record \(id)"
    }

    private func settle() async -> String {
        guard let (id, reservation) = pick() else { return "nothing" }
        let amount = Int(reservation.amount.pico)
        let isReleased = random.oneIn(5)
        let cost = isReleased ? 0 : random.oneIn(12) ? amount + random.below(5) : random.below(amount + 1)
        let outcome: AttemptOutcome = isReleased ? .errorStatus : .answered
        if let error = await fixture.settle(reservation, cost: cost, outcome: outcome) { disagreement = "\(error)" }
        live[id] = nil
        model.end(id, cost: cost)
        return "settle \(id) at \(cost)"
    }

    private func abandon() -> String {
        guard let (id, reservation) = pick(where: { model.holds[$0]?.isRecorded == false }) else { return "nothing" }
        fixture.ledger.abandon(reservation)
        live[id] = nil
        model.holds[id] = nil
        return "abandon \(id)"
    }

    private func swap() async throws -> String {
        guard let (id, old) = pick(where: { model.holds[$0]?.isRecorded == true }), var held = model.holds[id] else {
            return "nothing"
        }
        let fresh = nextClaim(at: held.admittedAt)
        // No call lives longer than a window; one that did would count for another pool's budget as admitted later.
        let isOld = held.admittedAt.adding(milliseconds: 600 * Self.minute) < now
        let claim = Ledger.Claim(
            requestID: old.claim.requestID, attempt: old.claim.attempt + 1, tenant: fresh.tenant,
            keyID: old.claim.keyID, model: old.claim.model, pool: isOld ? old.claim.pool : fresh.pool,
            wanted: fresh.wanted, atLeast: fresh.atLeast, admittedAt: fresh.admittedAt)
        let cost = random.oneIn(4) ? random.below(Int(old.amount.pico) + 1) : 0
        let decision = fixture.ledger.reswap(old, costing: Money(pico: Int128(cost)), claim)
        guard case .held(let next) = decision else { return "no swap of \(id)" }
        model.end(id, cost: cost)
        let message = judge(decision, claim, at: old.admittedAt)
        held.isRecorded = true
        model.holds[next.hold.id]?.isRecorded = true
        let outcome: AttemptOutcome = cost == 0 ? .notSent : .broken
        let settlement = fixture.settlement(old, cost: cost, outcome: outcome)
        if let error = await fixture.swap(settlement, next) { disagreement = "\(error)" }
        live[id] = nil
        return "swap \(id), \(message)"
    }

    private func resolve() async throws -> String {
        let holds = fixture.ledger.uncertainHolds()
        guard !holds.isEmpty else { return "nothing" }
        let hold = holds[random.below(holds.count)]
        let cost = random.oneIn(2) ? nil : random.below(Int(hold.amount.pico) + 3)
        try await fixture.ledger.resolve(hold.id, cost.map { .charge(Money(pico: Int128($0))) } ?? .release)
        model.end(hold.id, cost: cost ?? 0)
        return "resolve \(hold.id)"
    }

    // MARK: Budgets and time

    private func pickBudget() -> ID<Budget>? {
        let ids = model.caps.keys.sorted()
        return ids.isEmpty ? nil : ids[random.below(ids.count)]
    }

    private func makeBudget() async throws -> String {
        let mode: BudgetMode = random.oneIn(5) ? .soft : random.oneIn(8) ? .shadow : .hard
        do {
            let id = try await fixture.budget(
                random.below(300), [.day, .week, .month, .total][random.below(4)], mode: mode,
                key: random.oneIn(3) ? LedgerFixture.keyA : nil, model: random.oneIn(4) ? "m" : nil,
                pool: random.oneIn(4) ? "p" : nil)
            try learn(id)
            return "make \(id)"
        } catch BillingError.twin {
            return "make a twin"
        }
    }

    /// Reads a budget as stored and lets it count from its current window.
    private func learn(_ id: ID<Budget>) throws {
        let budget = try #require(try fixture.file.read { try BillingStore.budget($0, id) })
        model.caps[id] = NaiveLedger.Cap(budget: budget, since: model.window(budget, at: now).lowerBound)
    }

    private func changeBudget() async throws -> String {
        guard let id = pickBudget() else { return "nothing" }
        if random.oneIn(4) {
            let pool = random.oneIn(2) ? "p" : "q"
            do {
                try await fixture.change(id) { $0.pool = pool }
            } catch BillingError.twin {
                return "no change of \(id)"
            }
            if model.caps[id]?.budget.pool != pool { try learn(id) }
            return "change the pool of \(id)"
        }
        let limit = Money(pico: Int128(random.below(400)))
        try await fixture.change(id) { $0.limit = limit }
        model.caps[id]?.budget.limit = limit
        return "change the limit of \(id)"
    }

    private func deleteBudget() async throws -> String {
        guard let id = pickBudget() else { return "nothing" }
        try await fixture.delete(id)
        model.caps[id] = nil
        return "delete \(id)"
    }

    private func moveZone() async throws -> String {
        let name = Self.zones[random.below(Self.zones.count)]
        try await fixture.move(to: name)
        model.zone = try #require(TimeZone(identifier: name))
        for id in model.caps.keys { try learn(id) }
        return "move to \(name)"
    }

    private func advance() -> String {
        let minutes = [1, 20, 600, 1500, 20_000][random.below(5)]
        fixture.clock.advance(milliseconds: Int64(minutes) * Self.minute)
        return "advance \(minutes) minutes"
    }

    /// Somebody asks late, after others were admitted in the next window already.
    private func lateClaim() throws -> String {
        let before = now
        fixture.clock.advance(milliseconds: Int64(random.below(1400)) * Self.minute)
        let first = try reserve(at: now)
        return try first + ", late " + reserve(at: before)
    }

    private func restart() throws -> String {
        try fixture.restart()
        live = [:]
        model.restart()
        return "restart"
    }
}
