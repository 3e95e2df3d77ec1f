import Billing
import Foundation
import Logging
import Proxy
import Tenancy

@testable import AdminAPI

/// Every route of the Admin API over an empty database, which no target reads or changes.
enum AdminStage {
    static let table: RouteTable = {
        do {
            return RouteTable.admin(try plane(), hasBootstrap: true)
        } catch {
            fatalError("no stage: \(error)")
        }
    }()

    private static func plane() throws -> ControlPlane {
        let folder = FileManager.default.temporaryDirectory.path + "/tollgate-fuzz-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        // What is open stays open; a process that the fuzzer ends would leave the folder behind.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = SystemClock()
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let file = try DatabaseFile.open(
            path: folder + "/tollgate.db",
            migrations: [TenancySchema.register, BillingSchema.register, RoutingSchema.register])
        let journal = Journal(file: file, time: clock, logger: logger)
        let cost = KeyHasher.Cost(memoryKiB: 64, iterations: 1, parallelism: 1)
        let hasher = KeyHasher(cost: cost, workers: 1, time: clock)
        let tenants = Directory()
        let router = PoolRouter()
        return ControlPlane(
            file: file, journal: journal,
            ledger: try Ledger(file: file, journal: journal, time: clock, logger: logger),
            prices: PriceBook(), directory: tenants,
            keyRing: KeyRing(directory: tenants, hasher: hasher, cost: cost, time: clock) { _, _ in },
            hasher: hasher,
            adminKeys: AdminKeyRing(
                directory: AdminKeyDirectory(), hasher: hasher, cost: cost, time: clock
            ) { _, _ in },
            adminHasher: hasher, quotaMeter: QuotaMeter(time: clock), router: router,
            prober: Prober(router: router, upstream: UpstreamPolicy(), time: clock),
            masterKey: try MasterKey(base64: MasterKey.generate()), time: clock, logger: logger, version: "0.0.0-fuzz")
    }
}
