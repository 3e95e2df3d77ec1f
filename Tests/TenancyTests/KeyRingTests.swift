import Dispatch
import Support
import Synchronization
import Tenancy
import Testing

@Suite struct KeyRingTests {
    /// A key in a directory, and a ring that has not seen it yet.
    private final class Fixture: Sendable {
        let clock = ManualClock()
        let directory = Directory()
        let hasher: KeyHasher
        let ring: KeyRing
        let text: String
        let publicID: PublicID
        let phc: String
        let rehashed: AsyncStream<(PublicID, String)>

        init(storedCost: KeyHasher.Cost = .cheap) async throws {
            let made = KeyHasher(cost: storedCost, workers: 1, time: clock)
            (text, publicID) = KeySecret.generate()
            phc = try await made.hash(Array(text.utf8))
            hasher = KeyHasher(cost: .cheap, workers: 2, time: clock)
            let (stream, continuation) = AsyncStream.makeStream(of: (PublicID, String).self)
            rehashed = stream
            ring = KeyRing(directory: directory, hasher: hasher, cost: .cheap, time: clock) { id, phc in
                continuation.yield((id, phc))
            }
            directory.put(TestProfiles.tenant())
            put()
        }

        func put(
            phc: String? = nil, notAfter: Timestamp? = nil, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil,
            allowedIPs: [String] = []
        ) {
            directory.put(
                TestProfiles.key(
                    secrets: [(publicID.text, phc ?? self.phc, notAfter)], expiresAt: expiresAt, revokedAt: revokedAt,
                    allowedIPs: allowedIPs))
        }

        func authenticate(_ text: String? = nil, from address: String? = nil) -> KeyRing.Verdict {
            Array((text ?? self.text).utf8).withUnsafeBytes {
                ring.authenticate($0, clientAddress: address, at: clock.now())
            }
        }

        func check(_ pending: PendingCheck) async -> CheckOutcome {
            await withCheckedContinuation { continuation in
                ring.check(pending) { continuation.resume(returning: $0) }
            }
        }

        /// The verdict in a word, argon2's included.
        func judge(_ text: String? = nil, from address: String? = nil) async -> String {
            switch authenticate(text, from: address) {
            case .accepted: return "accepted"
            case .refused: return "refused"
            case .needsCheck(let pending):
                switch await check(pending) {
                case .accepted: return "accepted by argon2"
                case .refused: return "refused by argon2"
                case .busy: return "busy"
                }
            }
        }

        /// Another secret under the same public id, with a checksum that fits.
        func impostor() -> String { KeyText.impostor(of: publicID.text, .tenant) }
    }

    @Test func `a key costs argon2 once`() async throws {
        let fixture = try await Fixture()
        #expect(await fixture.judge() == "accepted by argon2")
        for _ in 0..<10 { #expect(await fixture.judge() == "accepted") }
        #expect(fixture.hasher.counters.total == 1)
        #expect(fixture.ring.counters.hits == 10)
        #expect(fixture.ring.counters.misses == 1)
    }

    @Test func `the principal is who the key belongs to`() async throws {
        let fixture = try await Fixture()
        fixture.ring.warm(publicID: fixture.publicID, secret: Array(fixture.text.utf8), phc: fixture.phc)
        guard case .accepted(let principal) = fixture.authenticate() else {
            Issue.record("not accepted")
            return
        }
        #expect(principal.tenant.tenant.id == ID("ten_1"))
        #expect(principal.key.key.id == ID("key_1"))
        #expect(principal.secret == fixture.publicID)
        #expect(fixture.hasher.counters.total == 0)
    }

    @Test func `garbage never reaches argon2`() async throws {
        let fixture = try await Fixture()
        let text = fixture.text
        let unknown = KeySecret.generate().text
        let broken = [
            "", "tg_", "sk-1234", String(text.dropLast()), text + "0", text.uppercased(), " " + text, unknown,
            String(repeating: "tg_", count: 10_000), KeySecret.generate(.admin).text,
        ]
        for text in broken { #expect(await fixture.judge(text) == "refused") }
        #expect(fixture.hasher.counters.total == 0)
        #expect(fixture.ring.counters.misses == 0)
        #expect(fixture.ring.counters.refused == UInt64(broken.count))
    }

    @Test func `a wrong secret of a proven id is refused without argon2`() async throws {
        let fixture = try await Fixture()
        #expect(await fixture.judge() == "accepted by argon2")
        #expect(await fixture.judge(fixture.impostor()) == "refused")
        #expect(fixture.hasher.counters.total == 1)
    }

    @Test func `a wrong secret of a cold id is refused by argon2 and remembered as nothing`() async throws {
        let fixture = try await Fixture()
        #expect(await fixture.judge(fixture.impostor()) == "refused by argon2")
        #expect(await fixture.judge() == "accepted by argon2")
        #expect(await fixture.judge() == "accepted")
    }

    @Test func `many at once share one run`() async throws {
        let fixture = try await Fixture()
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { await fixture.judge() } }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(outcomes.isSubset(of: ["accepted", "accepted by argon2"]))
        #expect(fixture.hasher.counters.total == 1)
    }

    @Test func `expiry, revocation and rotation act on the next request`() async throws {
        let fixture = try await Fixture()
        #expect(await fixture.judge() == "accepted by argon2")
        let soon = fixture.clock.now().adding(milliseconds: 1000)
        fixture.put(expiresAt: soon)
        #expect(await fixture.judge() == "accepted")
        fixture.clock.advance(milliseconds: 1000)
        #expect(await fixture.judge() == "refused")
        fixture.put(notAfter: fixture.clock.now().adding(milliseconds: 500))
        #expect(await fixture.judge() == "accepted")
        fixture.clock.advance(milliseconds: 500)
        #expect(await fixture.judge() == "refused")
        fixture.put()
        #expect(await fixture.judge() == "accepted")
        fixture.put(revokedAt: fixture.clock.now())
        #expect(await fixture.judge() == "refused")
        fixture.directory.remove(key: ID("key_1"))
        #expect(await fixture.judge() == "refused")
    }

    @Test func `a key revoked while argon2 runs is refused`() async throws {
        let fixture = try await Fixture()
        guard case .needsCheck(let pending) = fixture.authenticate() else {
            Issue.record("not cold")
            return
        }
        fixture.put(revokedAt: fixture.clock.now())
        guard case .refused = await fixture.check(pending) else {
            Issue.record("not refused")
            return
        }
    }

    @Test func `a suspended tenant is left to admission and an archived one is refused`() async throws {
        let fixture = try await Fixture()
        fixture.directory.put(TestProfiles.tenant(suspended: true))
        #expect(await fixture.judge() == "accepted by argon2")
        fixture.directory.put(TestProfiles.tenant(archivedAt: fixture.clock.now()))
        #expect(await fixture.judge() == "refused")
    }

    @Test func `only allowed addresses get in`() async throws {
        let fixture = try await Fixture()
        fixture.put(allowedIPs: ["10.0.0.0/8"])
        #expect(await fixture.judge(from: "11.0.0.1") == "refused")
        #expect(await fixture.judge(from: nil) == "refused")
        #expect(fixture.hasher.counters.total == 0)
        #expect(await fixture.judge(from: "10.0.0.1") == "accepted by argon2")
        fixture.put(allowedIPs: ["not an address"])
        #expect(await fixture.judge(from: "10.0.0.1") == "refused")
    }

    @Test func `another hash of the id is another key`() async throws {
        let fixture = try await Fixture()
        #expect(await fixture.judge() == "accepted by argon2")
        fixture.put(phc: try await fixture.hasher.hash(Array("something else".utf8)))
        #expect(await fixture.judge() == "refused by argon2")
    }

    @Test func `a hash of another cost is renewed after it was proven`() async throws {
        let fixture = try await Fixture(storedCost: .other)
        #expect(await fixture.judge() == "accepted by argon2")
        var renewals = fixture.rehashed.makeAsyncIterator()
        let (publicID, phc) = try #require(await renewals.next())
        #expect(publicID == fixture.publicID)
        #expect(KeyHasher.Cost(phc: phc) == .cheap)
        #expect(await fixture.judge() == "accepted", "the old hash still counts")
        fixture.put(phc: phc)
        #expect(await fixture.judge() == "accepted", "and so does the new one")
        #expect(try await fixture.hasher.verify(Array(fixture.text.utf8), phc: phc).get())
    }

    @Test func `a full hasher answers busy`() async throws {
        let fixture = try await Fixture()
        fixture.hasher.shutdown()
        #expect(await fixture.judge() == "busy")
    }
}
