import Foundation
import GRDB
import Logging
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

/// A ledger on a database of its own, with one tenant and two keys.
final class LedgerFixture {
    static let tenant = ID<Tenant>("ten_1")
    static let keyA = ID<APIKey>("key_a")
    static let keyB = ID<APIKey>("key_b")

    let clock = ManualClock()
    let path: String
    private(set) var file: DatabaseFile
    private(set) var journal: Journal
    private(set) var ledger: Ledger
    private let folder: String
    private var budgets = 0
    private(set) var zone: String
    private let holdSync: HoldSync

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(
        zone: String = "UTC", at start: Timestamp? = nil, holdSync: HoldSync = .process, room: DiskRoom? = nil
    ) throws {
        self.zone = zone
        self.holdSync = holdSync
        if let start { clock.set(start) }
        folder = NSTemporaryDirectory() + "billing-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = folder + "/tollgate.db"
        file = try Self.open(path)
        let created = clock.now()
        try file.write { db in
            try TenancyStore.insert(
                db, tenant: Tenant(id: Self.tenant, name: "one", timeZone: zone, createdAt: created))
            for key in [Self.keyA, Self.keyB] {
                try db.execute(
                    sql: "INSERT INTO api_keys (id, tenant_id, name, created_at) VALUES (?, ?, ?, 0)",
                    arguments: [key.text, Self.tenant.text, key.text]
                )
            }
        }
        journal = Journal(file: file, holdSync: holdSync, time: clock, logger: Self.quiet, retryPauseMS: 2)
        ledger = try Ledger(file: file, journal: journal, time: clock, logger: Self.quiet, room: room)
    }

    deinit {
        journal.close()
        try? file.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func open(_ path: String) throws -> DatabaseFile {
        try DatabaseFile.open(path: path, migrations: [TenancySchema.register, BillingSchema.register])
    }

    /// Keeps the journal's writer busy until what this returns is called: one turn then takes all that came meanwhile.
    func keepWriterBusy() async -> () async throws -> Void {
        let gate = DispatchSemaphore(value: 0)
        let isBusy = Mutex(false)
        let blocker = Task { [journal] in
            try await journal.write { _ in
                isBusy.withLock { $0 = true }
                gate.wait()
            }
        }
        while !isBusy.withLock({ $0 }) { await Task.yield() }
        return {
            gate.signal()
            try await blocker.value
        }
    }

    /// What a new process finds: everything in memory is gone.
    func restart() throws {
        journal.close()
        try file.close()
        file = try Self.open(path)
        journal = Journal(file: file, holdSync: holdSync, time: clock, logger: Self.quiet, retryPauseMS: 2)
        ledger = try Ledger(file: file, journal: journal, time: clock, logger: Self.quiet)
    }

    func tenant(waitMS: Int64 = 2000) -> Tenant {
        Tenant(id: Self.tenant, name: "one", timeZone: zone, holdWaitMS: waitMS, createdAt: Timestamp(microseconds: 0))
    }

    func budget(
        _ limit: Int,
        _ window: BudgetWindow.Kind = .total,
        mode: BudgetMode = .hard,
        key: ID<APIKey>? = nil,
        model: String? = nil,
        pool: String? = nil
    ) async throws -> ID<Budget> {
        budgets += 1
        let budget = Budget(
            id: ID("bud_" + String(10_000 + budgets)), tenantID: Self.tenant, keyID: key, model: model, pool: pool,
            limit: Money(pico: Int128(limit)), window: window, mode: mode, createdAt: clock.now()
        )
        let ledger = ledger
        _ = try await journal.write({ try ledger.insert(budget, $0) }, committed: { ledger.committed($0) })
        return budget.id
    }

    func change(_ id: ID<Budget>, _ edit: (inout Budget) -> Void) async throws {
        var budget = try #require(try file.read { try BillingStore.budget($0, id) })
        edit(&budget)
        let (changed, ledger) = (budget, ledger)
        _ = try await journal.write({ try ledger.update(changed, $0) }, committed: { ledger.committed($0) })
    }

    func delete(_ id: ID<Budget>) async throws {
        let ledger = ledger
        try await journal.write({ try BillingStore.deleteBudget(id, $0) }, committed: { ledger.removed(id) })
    }

    func move(to zone: String) async throws {
        self.zone = zone
        let ledger = ledger
        _ = try await journal.write(
            { db in
                try db.execute(
                    sql: "UPDATE tenants SET time_zone = ? WHERE id = ?", arguments: [zone, Self.tenant.text])
                return try ledger.rezone(Self.tenant, db)
            },
            committed: { $0.forEach(ledger.committed) }
        )
    }

    func claim(
        _ wanted: Int,
        atLeast: Int? = nil,
        key: ID<APIKey> = keyA,
        model: String = "m",
        pool: String = "p",
        attempt: Int = 1,
        of request: RequestID? = nil,
        waitMS: Int64 = 2000,
        at instant: Timestamp? = nil,
        price: PriceVersion? = nil
    ) -> Ledger.Claim {
        Ledger.Claim(
            requestID: request ?? RequestID.make(at: clock.now()), attempt: attempt, tenant: tenant(waitMS: waitMS),
            keyID: key, model: model, pool: pool, wanted: Money(pico: Int128(wanted)),
            atLeast: atLeast.map { Money(pico: Int128($0)) }, admittedAt: instant ?? clock.now(), price: price
        )
    }

    func held(_ claim: Ledger.Claim, sourceLocation: SourceLocation = #_sourceLocation) throws -> Reservation {
        try #require(ledger.reserve(claim).reservation, sourceLocation: sourceLocation)
    }

    func record(_ reservation: Reservation) async -> LedgerError? {
        await withCheckedContinuation { continuation in
            ledger.record(reservation) { continuation.resume(returning: $0) }
        }
    }

    func settle(
        _ reservation: Reservation,
        cost: Int,
        usage: TokenUsage = TokenUsage(input: 3, output: 2),
        outcome: AttemptOutcome = .answered
    ) async -> LedgerError? {
        let settlement = settlement(reservation, cost: cost, usage: usage, outcome: outcome)
        return await withCheckedContinuation { continuation in
            ledger.settle(settlement) { continuation.resume(returning: $0) }
        }
    }

    func swap(_ old: Settlement, _ next: Reservation) async -> LedgerError? {
        await withCheckedContinuation { continuation in
            ledger.recordSwap(finished: old, next: next) { continuation.resume(returning: $0) }
        }
    }

    func settlement(
        _ reservation: Reservation,
        cost: Int,
        usage: TokenUsage = TokenUsage(input: 3, output: 2),
        outcome: AttemptOutcome = .answered
    ) -> Settlement {
        Settlement(
            reservation: reservation, backendID: "be_1", usage: outcome == .answered ? usage : .zero,
            provenance: outcome == .answered ? .reported : .none, cost: Money(pico: Int128(cost)),
            listCost: Money(pico: Int128(cost)), outcome: outcome, status: 200, endedAt: clock.now()
        )
    }

    /// Recorded and settled in one go.
    func spend(_ cost: Int, key: ID<APIKey> = keyA, model: String = "m", pool: String = "p") async throws {
        let reservation = try held(claim(cost, key: key, model: model, pool: pool))
        #expect(await record(reservation) == nil)
        #expect(await settle(reservation, cost: cost) == nil)
    }

    func figures(_ budget: ID<Budget>) -> [Int] {
        guard let state = ledger.state(budget) else { return [] }
        return [state.posted, state.held, state.remaining].map { Int($0.pico) }
    }

    func differences() throws -> [String] { try file.read { try LedgerVerifierStore.run($0) } }

    /// The holds another process would find: stored, and not ended.
    func holdsOnDisk() throws -> [HoldID] {
        try HoldFile(path: path + ".holds").leftovers().map(\.id).filter { id in
            try file.read { db in
                try Int.fetchOne(
                    db, sql: "SELECT COUNT(*) FROM ledger WHERE request_id = ? AND attempt = ?",
                    arguments: [id.request, id.attempt]) == 0
            }
        }
    }

    func count(_ sql: String) throws -> Int { try file.read { try Int.fetchOne($0, sql: sql) ?? -1 } }
}

extension Ledger.Decision {
    var reservation: Reservation? {
        if case .held(let reservation) = self { reservation } else { nil }
    }

    var shortage: Ledger.Shortage? {
        if case .short(let shortage) = self { shortage } else { nil }
    }
}
