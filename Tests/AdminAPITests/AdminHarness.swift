import Billing
import Foundation
import Logging
import Proxy
import Support
import Tenancy
import Testing

@testable import AdminAPI

/// A whole Admin API on a loopback port with a database of its own.
final class AdminHarness: Sendable {
    static let credential = "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE"
    static let cost = KeyHasher.Cost(memoryKiB: 64, iterations: 1, parallelism: 1)

    let plane: ControlPlane
    let client: AdminClient
    private let directory: TemporaryDatabase
    private let running: Task<Void, any Error>

    /// Runs `body` against a fresh server and takes everything down afterwards.
    ///
    /// `before` sees the ledger of an earlier process, which ends before the server starts.
    static func run(
        before: (@Sendable (Ledger, DatabaseFile) async throws -> Void)? = nil,
        hasBootstrap: Bool = true,
        dashboard: DashboardFiles = DashboardFiles(),
        _ body: (AdminHarness) async throws -> Void
    ) async throws {
        let harness = try await AdminHarness(before: before, hasBootstrap: hasBootstrap, dashboard: dashboard)
        do {
            try await body(harness)
        } catch {
            await harness.stop()
            throw error
        }
        await harness.stop()
    }

    private init(
        before: (@Sendable (Ledger, DatabaseFile) async throws -> Void)?,
        hasBootstrap: Bool,
        dashboard: DashboardFiles
    ) async throws {
        directory = try TemporaryDatabase()
        let clock = SystemClock()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let file = try DatabaseFile.open(
            path: directory.path,
            migrations: [TenancySchema.register, BillingSchema.register, RoutingSchema.register])
        if let before {
            let earlier = Journal(file: file, time: clock, logger: logger)
            try await before(try Ledger(file: file, journal: earlier, time: clock, logger: logger), file)
            earlier.close()
        }
        let masterKey = try MasterKey(base64: MasterKey.generate())
        let digestKey = try file.write { db in
            _ = try MasterKeyStore.claim(db, masterKey)
            return try MasterKeyStore.digestKey(db, masterKey)
        }
        let journal = Journal(file: file, time: clock, logger: logger)
        let tenants = Directory()
        let cost = Self.cost
        let hasher = KeyHasher(cost: cost, workers: 1, time: clock)
        let adminHasher = KeyHasher(cost: cost, workers: 1, time: clock)
        let router = PoolRouter()
        plane = ControlPlane(
            file: file,
            journal: journal,
            ledger: try Ledger(file: file, journal: journal, time: clock, logger: logger),
            prices: PriceBook(),
            directory: tenants,
            keyRing: KeyRing(directory: tenants, hasher: hasher, cost: cost, time: clock) { _, _ in },
            hasher: hasher,
            adminKeys: AdminKeyRing(
                directory: AdminKeyDirectory(), hasher: adminHasher, cost: cost, time: clock
            ) { _, _ in },
            adminHasher: adminHasher,
            quotaMeter: QuotaMeter(time: clock),
            router: router,
            prober: Prober(router: router, upstream: UpstreamPolicy(), time: clock),
            masterKey: masterKey,
            digestKey: digestKey,
            time: clock,
            logger: logger,
            version: "0.0.0-test"
        )
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = AdminServer(
            plane: plane, credential: hasBootstrap ? try AdminCredential(Self.credential) : nil,
            // So that a test may come from as many addresses as it likes.
            trustedProxies: ["127.0.0.1/32"].compactMap { AddressRange($0) },
            dashboard: dashboard, source: .address(host: "127.0.0.1", port: 0),
            bound: { continuation.yield($0) })
        running = Task { try await server.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        client = AdminClient(base: "http://127.0.0.1:\(port)", credential: Self.credential)
    }

    /// An admin key put straight into the database and the directory.
    func adminKey(_ role: AdminRole, expiresAt: Timestamp? = nil) async throws -> (id: String, text: String) {
        let (text, publicID) = KeySecret.generate(.admin)
        let now = plane.time.now()
        let key = AdminKey(
            id: ID.make(prefix: "adm", at: now), publicID: publicID.text, name: role.rawValue, role: role,
            phc: try await plane.adminHasher.hash(Array(text.utf8)), createdAt: now, expiresAt: expiresAt)
        let directory = plane.adminKeys.directory
        try await plane.journal.write { db in
            try TenancyStore.insert(db, adminKey: key)
        } committed: {
            directory.put(key)
        }
        return (key.id.text, text)
    }

    /// The month before the present one.
    var lastMonth: BillingPeriod {
        let start = BillingPeriod(containing: plane.time.now()).start
        return BillingPeriod(containing: start.adding(milliseconds: -1))
    }

    private func stop() async {
        client.close()
        running.cancel()
        _ = await running.result
        plane.journal.close()
        plane.hasher.shutdown()
        plane.adminHasher.shutdown()
        await plane.prober.stop()
        try? plane.file.close()
        directory.remove()
    }
}
