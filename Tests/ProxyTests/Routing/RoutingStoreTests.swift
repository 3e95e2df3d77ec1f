import Billing
import GRDB
import Support
import Tenancy
import Testing

@testable import Proxy

@Suite struct RoutingStoreTests {
    private let directory: TemporaryDatabase
    private let file: DatabaseFile

    init() throws {
        directory = try TemporaryDatabase()
        file = try DatabaseFile.open(path: directory.path, migrations: [RoutingSchema.register])
    }

    @Test("what is stored is read back, every field of it")
    func roundTrip() throws {
        var backend = backend("be_1", name: "a")
        backend.sealedKey = [1, 2, 3]
        backend.keyVersion = 2
        backend.weight = 5
        backend.maxConcurrency = 4
        backend.rpm = 60
        backend.connectMS = 1
        backend.firstByteMS = 2
        backend.idleMS = 3
        backend.totalMS = 4
        backend.minRate = 9
        backend.probe = ProbeDefinition(path: "/health", intervalMS: 5, unhealthyAfter: 6, healthyAfter: 7)
        backend.onDisconnect = .drain
        backend.onUnanswered = .charge
        backend.draining = true
        let pool = PoolDefinition(
            name: "fast", policy: .weighted, queueMax: 1, queueTimeoutMS: 2, affinity: "prompt_cache_key")
        let model = model("meta/llama", pools: ["slow", "fast"])
        let snapshot = try file.write { db in
            try RoutingStore.insert(db, pool)
            try RoutingStore.insert(db, PoolDefinition(name: "slow"))
            try RoutingStore.insert(db, backend)
            try RoutingStore.put(db, model)
            return try RoutingStore.snapshot(db)
        }
        #expect(snapshot.pools == [pool, PoolDefinition(name: "slow")])
        #expect(snapshot.backends == [backend])
        #expect(snapshot.models == [model])
    }

    @Test("putting a model again replaces its settings and targets and keeps its birthday")
    func putTwice() throws {
        let stored = try file.write { db in
            for name in ["a", "b"] { try RoutingStore.insert(db, PoolDefinition(name: name)) }
            try RoutingStore.put(db, model("m", pools: ["a", "b"]))
            var second = model("m", pools: ["b"])
            second.maxOutputTokens = 7
            second.createdAt = Timestamp(microseconds: 99)
            try RoutingStore.put(db, second)
            return try RoutingStore.model(db, name: "m")
        }
        #expect(stored?.targets == [ModelTarget(pool: "b")])
        #expect(stored?.maxOutputTokens == 7)
        #expect(stored?.createdAt == Timestamp(microseconds: 1))
    }

    @Test("what was removed or renamed is still known to what names it")
    func history() throws {
        let facts = try file.write { db in
            try RoutingStore.insert(db, PoolDefinition(name: "fast"))
            try RoutingStore.insert(db, backend("be_1", name: "gone"))
            try RoutingStore.deleteBackend(db, id: ID("be_1"))
            try RoutingStore.insert(db, backend("be_2", name: "gone"))
            var model = model("m", pools: ["fast"])
            for (instant, name) in [(10, "a"), (20, "a"), (30, "b"), (40, nil)] as [(Int64, String?)] {
                model.targets = [ModelTarget(pool: "fast", upstreamModel: name)]
                try RoutingStore.put(db, model)
                try RoutingHistoryStore.note(db, model, at: Timestamp(microseconds: instant))
            }
            return try RoutingFactsStore.facts(db)
        }
        #expect(facts.backends.mapValues(\.name) == ["be_1": "gone", "be_2": "gone"])
        #expect(facts.upstreamNames.map(\.name) == ["a", "b", "m"])
        #expect(facts.upstreamNames.map(\.since.microseconds) == [10, 30, 40])
    }

    @Test("names are unique, backends among all pools")
    func uniqueNames() throws {
        try file.write { db in
            for name in ["fast", "slow"] { try RoutingStore.insert(db, PoolDefinition(name: name)) }
            try RoutingStore.insert(db, backend("be_1", name: "a"))
            try RoutingStore.insert(db, backend("be_2", name: "b"))
            #expect(throws: RoutingError.nameTaken) { try RoutingStore.insert(db, PoolDefinition(name: "fast")) }
            #expect(throws: RoutingError.nameTaken) {
                try RoutingStore.insert(db, backend("be_3", pool: "slow", name: "a"))
            }
            #expect(throws: RoutingError.nameTaken) { try RoutingStore.update(db, backend("be_2", name: "a")) }
        }
    }

    @Test("a pool that a backend or a target names stays")
    func poolInUse() throws {
        try file.write { db in
            for name in ["fast", "slow"] { try RoutingStore.insert(db, PoolDefinition(name: name)) }
            try RoutingStore.insert(db, backend("be_1", name: "a"))
            try RoutingStore.put(db, model("m", pools: ["slow"]))
            #expect(throws: RoutingError.inUse) { try RoutingStore.deletePool(db, name: "fast") }
            #expect(throws: RoutingError.inUse) { try RoutingStore.deletePool(db, name: "slow") }
            try RoutingStore.deleteBackend(db, id: ID("be_1"))
            try RoutingStore.deleteModel(db, name: "m")
            for name in ["fast", "slow"] { try RoutingStore.deletePool(db, name: name) }
            #expect(try RoutingStore.snapshot(db) == RoutingSnapshot())
        }
    }

    @Test("what is not there cannot be changed or referred to")
    func missing() throws {
        try file.write { db in
            #expect(throws: RoutingError.notFound) { try RoutingStore.update(db, PoolDefinition(name: "x")) }
            #expect(throws: RoutingError.notFound) { try RoutingStore.deletePool(db, name: "x") }
            #expect(throws: RoutingError.notFound) { try RoutingStore.update(db, backend("be_9", name: "x")) }
            #expect(throws: RoutingError.notFound) { try RoutingStore.deleteBackend(db, id: ID("be_9")) }
            #expect(throws: RoutingError.notFound) { try RoutingStore.deleteModel(db, name: "x") }
            #expect(throws: RoutingError.unknownPool("fast")) {
                try RoutingStore.insert(db, backend("be_1", name: "a"))
            }
            #expect(throws: RoutingError.unknownPool("x")) { try RoutingStore.put(db, model("m", pools: ["x"])) }
            let unknown = try RoutingStore.unknownModel(db, among: ["*", "m"])
            #expect(unknown == "m")
        }
    }

    @Test(
        "a number that is missing beside a probe's path is the standard one, whichever it is",
        arguments: [
            "probe_interval_ms", "probe_unhealthy_after", "probe_healthy_after",
        ])
    func damagedProbe(column: String) throws {
        var backend = backend("be_1", name: "a")
        backend.probe = ProbeDefinition(path: "/health")
        try file.write { db in
            try RoutingStore.insert(db, PoolDefinition(name: "fast"))
            try RoutingStore.insert(db, backend)
            try db.execute(sql: "UPDATE backends SET \(column) = NULL")
        }
        #expect(try file.read { try RoutingStore.snapshot($0) }.backends == [backend])
    }

    @Test("a backend whose kind cannot be read takes no calls")
    func damagedKind() throws {
        try file.write { db in
            try RoutingStore.insert(db, PoolDefinition(name: "fast"))
            try RoutingStore.insert(db, backend("be_1", name: "a"))
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE backends SET kind = 'soap'")
        }
        #expect(try file.read { try RoutingStore.snapshot($0) }.backends.map(\.draining) == [true])
    }

    private func backend(_ id: String, pool: String = "fast", name: String) -> BackendDefinition {
        BackendDefinition(id: ID(id), pool: pool, name: name, kind: .openai, baseURL: "http://127.0.0.1:1/v1")
    }

    private func model(_ name: String, pools: [String]) -> ModelDefinition {
        ModelDefinition(
            name: name,
            targets: pools.map { ModelTarget(pool: $0) },
            maxOutputTokens: 512, contextWindow: 4096, inputOverheadTokens: 1, partTokensMax: 2, audioSecondsMax: 3,
            createdAt: Timestamp(microseconds: 1))
    }
}
