import Support
import Tenancy
import Testing

@testable import Proxy

struct CooldownStoreTests {
    private static let now = Timestamp(microseconds: 1_000_000)

    @Test
    func `the last cooldown of each backend is kept until it is over`() throws {
        let directory = try TemporaryDatabase()
        let file = try DatabaseFile.open(path: directory.path, migrations: [RoutingSchema.register])
        let later = Self.now.adding(milliseconds: 30_000)
        let stored = try file.write { db in
            try RoutingStore.insert(db, PoolDefinition(name: "p"))
            for name in ["a", "b", "c"] { try RoutingStore.insert(db, RouterFixture.backend(name)) }
            try CooldownStore.put(db, StoredCooldown(backend: ID("be_a"), end: later))
            try CooldownStore.put(db, StoredCooldown(backend: ID("be_a"), end: later.adding(milliseconds: 1)))
            try CooldownStore.put(db, StoredCooldown(backend: ID("be_b"), end: Self.now))
            try CooldownStore.put(db, StoredCooldown(backend: ID("be_c"), end: later))
            try CooldownStore.put(db, StoredCooldown(backend: ID("be_gone"), end: later))
            try CooldownStore.remove(db, backend: ID("be_c"))
            return try CooldownStore.cooldowns(db, after: Self.now)
        }
        #expect(stored == [StoredCooldown(backend: ID("be_a"), end: later.adding(milliseconds: 1))])
        let left = try file.write { db in
            try RoutingStore.deleteBackend(db, id: ID("be_a"))
            return try CooldownStore.cooldowns(db, after: Self.now)
        }
        #expect(left.isEmpty)
    }
}
