import HTTPTypes
import Support
import Synchronization
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct AdminGateTests {
    private static let bootstrap = "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE"

    /// A gate whose pauses are written down instead of passed.
    private final class Fixture: Sendable {
        let clock = ManualClock()
        let directory = AdminKeyDirectory()
        let hasher: KeyHasher
        let gate: AdminGate
        let pauses = Mutex<[Int64]>([])
        let uses = UseLog()

        init() throws {
            let hasher = KeyHasher(cost: AdminHarness.cost, workers: 1, time: clock)
            self.hasher = hasher
            let uses = uses
            gate = AdminGate(
                bootstrap: try AdminCredential(AdminGateTests.bootstrap),
                keys: AdminKeyRing(directory: directory, hasher: hasher, cost: AdminHarness.cost, time: clock) { _, _ in
                },
                time: clock
            ) { _, instant in uses.instants.withLock { $0.append(instant) } }
        }

        deinit { hasher.shutdown() }

        func add(_ role: AdminRole, expiresAt: Timestamp? = nil) async throws -> (text: String, key: AdminKey) {
            let (text, publicID) = KeySecret.generate(.admin)
            let key = AdminKey(
                id: ID("adm_\(publicID)"), publicID: publicID.text, name: "k", role: role,
                phc: try await hasher.hash(Array(text.utf8)), createdAt: clock.now(), expiresAt: expiresAt)
            directory.put(key)
            return (text, key)
        }

        /// Role of who asks, `nobody`, or `too many`.
        func who(_ credential: String?, from address: String = "10.0.0.1") async -> String {
            var headers = HTTPFields()
            if let credential { headers[.authorization] = "Bearer " + credential }
            do {
                return try await gate.caller(headers, from: address) { pause in
                    self.pauses.withLock { $0.append(pause) }
                }.role.rawValue
            } catch {
                return (error as? Problem) == .unauthenticated ? "nobody" : "too many"
            }
        }
    }

    final class UseLog: Sendable {
        let instants = Mutex<[Timestamp]>([])
    }

    @Test("a key opens with its role until it expires or is revoked, and a wrong secret never")
    func keys() async throws {
        let fixture = try Fixture()
        for role in AdminRole.allCases {
            let (text, _) = try await fixture.add(role)
            #expect(await fixture.who(text) == role.rawValue)
        }
        let end = fixture.clock.now().adding(milliseconds: 1000)
        let (text, key) = try await fixture.add(.viewer, expiresAt: end)
        #expect(await fixture.who(text) == "viewer")
        fixture.clock.advance(milliseconds: 1000)
        #expect(await fixture.who(text) == "nobody")
        let (other, otherKey) = try await fixture.add(.finance)
        #expect(await fixture.who(other) == "finance")
        fixture.directory.remove(otherKey.id)
        #expect(await fixture.who(other) == "nobody")
        #expect(await fixture.who(KeySecret.generate(.admin).text) == "nobody")
        #expect(await fixture.who(KeySecret.generate().text) == "nobody")
        #expect(await fixture.who(nil) == "nobody")
        #expect(key.role == .viewer)
    }

    @Test("the bootstrap credential works while no usable key of the role admin is there, and again after that")
    func bootstrap() async throws {
        let fixture = try Fixture()
        #expect(await fixture.who(Self.bootstrap) == "admin")
        _ = try await fixture.add(.viewer)
        _ = try await fixture.add(.finance)
        #expect(await fixture.who(Self.bootstrap) == "admin")
        let end = fixture.clock.now().adding(milliseconds: 500)
        let (_, key) = try await fixture.add(.admin, expiresAt: end)
        #expect(await fixture.who(Self.bootstrap) == "nobody")
        fixture.clock.advance(milliseconds: 500)
        #expect(await fixture.who(Self.bootstrap) == "admin")
        let (_, lasting) = try await fixture.add(.admin)
        #expect(await fixture.who(Self.bootstrap) == "nobody")
        fixture.directory.remove(lasting.id)
        #expect(await fixture.who(Self.bootstrap) == "admin")
        #expect(key.role == .admin)
    }

    @Test("guessing is slowed for its address only, and a good credential waits for nobody's failures")
    func slowed() async throws {
        let fixture = try Fixture()
        let (text, _) = try await fixture.add(.viewer)
        for _ in 0..<9 { #expect(await fixture.who("wrong") == "nobody") }
        #expect(fixture.pauses.withLock { $0 } == [100, 200, 400, 800])
        #expect(await fixture.who("wrong", from: "10.0.0.2") == "nobody")
        #expect(await fixture.who(text) == "viewer")
        #expect(await fixture.who(text, from: "10.0.0.2") == "viewer")
        #expect(fixture.pauses.withLock { $0.count } == 4)
    }

    @Test("whoever has a key of their own guesses others no faster, and is never held back with it")
    func betweenGuesses() async throws {
        let fixture = try Fixture()
        let (text, _) = try await fixture.add(.viewer)
        for _ in 0..<9 {
            #expect(await fixture.who("wrong") == "nobody")
            #expect(await fixture.who(text) == "viewer")
        }
        #expect(fixture.pauses.withLock { $0 } == [100, 200, 400, 800])
        fixture.clock.advance(milliseconds: 60_000)
        #expect(await fixture.who("wrong") == "nobody")
        #expect(fixture.pauses.withLock { $0.count } == 4)
    }

    @Test("a credential that was proven does not stand once its key ended, has another role, or is not the only way in")
    func standing() async throws {
        let fixture = try Fixture()
        try fixture.gate.requireStanding(.bootstrap)
        let (_, key) = try await fixture.add(.admin, expiresAt: fixture.clock.now().adding(milliseconds: 5))
        let caller = AdminCaller(actor: key.id.text, role: .admin)
        try fixture.gate.requireStanding(caller)
        #expect(throws: Problem.unauthenticated) { try fixture.gate.requireStanding(.bootstrap) }
        var lowered = key
        lowered.role = .viewer
        fixture.directory.put(lowered)
        #expect(throws: Problem.unauthenticated) { try fixture.gate.requireStanding(caller) }
        fixture.directory.put(key)
        fixture.clock.advance(milliseconds: 5)
        #expect(throws: Problem.unauthenticated) { try fixture.gate.requireStanding(caller) }
        try fixture.gate.requireStanding(.bootstrap)
        fixture.directory.remove(key.id)
        #expect(throws: Problem.unauthenticated) { try fixture.gate.requireStanding(caller) }
    }

    @Test("addresses of one IPv6 network count together")
    func networks() async throws {
        let fixture = try Fixture()
        for index in 0..<8 { _ = await fixture.who("wrong", from: "2001:db8::\(index)") }
        #expect(fixture.pauses.withLock { $0.count } == 3)
        _ = await fixture.who("wrong", from: "2001:db8:0:1::1")
        #expect(fixture.pauses.withLock { $0.count } == 3)
    }

    @Test("wrong secrets for a known id from one address do not keep its owner out from another")
    func fairness() async throws {
        let fixture = try Fixture()
        let (text, key) = try await fixture.add(.admin)
        for _ in 0..<20 { _ = await fixture.who(KeyText.impostor(of: key.publicID, .admin), from: "10.0.0.9") }
        #expect(await fixture.who(text, from: "10.0.0.1") == "admin")
    }

    @Test("a use is stored at most once a minute")
    func uses() async throws {
        let fixture = try Fixture()
        let (text, _) = try await fixture.add(.viewer)
        let start = fixture.clock.now()
        for _ in 0..<130 {
            _ = await fixture.who(text)
            fixture.clock.advance(milliseconds: 1000)
        }
        let stored = fixture.uses.instants.withLock { $0 }
        #expect(stored == [start, start.adding(milliseconds: 60_000), start.adding(milliseconds: 120_000)])
    }
}
