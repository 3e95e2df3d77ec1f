import Tenancy
import Testing

@Suite struct DirectoryTests {
    private let now = TestProfiles.start

    private func publicID(_ text: String) throws -> PublicID { try #require(PublicID(text.utf8)) }

    @Test func `a secret leads to its key and tenant`() throws {
        let key = TestProfiles.key(secrets: [("aaaaaaaaaa", "new", nil), ("bbbbbbbbbb", "old", now)])
        let directory = Directory(tenants: [TestProfiles.tenant()], keys: [key])
        let found = try #require(directory.secret(publicID: try publicID("bbbbbbbbbb")))
        #expect(found.record.phc == "old")
        #expect(found.key === key)
        #expect(found.tenant.tenant.id == ID("ten_1"))
        #expect(directory.secret(publicID: try publicID("cccccccccc")) == nil)
    }

    @Test func `replacing a key forgets secrets it no longer has`() throws {
        let directory = Directory(
            tenants: [TestProfiles.tenant()], keys: [TestProfiles.key(secrets: [("aaaaaaaaaa", "one", nil)])])
        directory.put(TestProfiles.key(secrets: [("bbbbbbbbbb", "two", nil)]))
        #expect(directory.secret(publicID: try publicID("aaaaaaaaaa")) == nil)
        #expect(directory.secret(publicID: try publicID("bbbbbbbbbb")) != nil)
        #expect(directory.keys(of: ID("ten_1")).count == 1)
        directory.remove(key: ID("key_1"))
        #expect(directory.secret(publicID: try publicID("bbbbbbbbbb")) == nil)
        #expect(directory.keys(of: ID("ten_1")).isEmpty)
    }

    @Test func `removing a tenant removes its keys`() throws {
        let directory = Directory(
            tenants: [TestProfiles.tenant("ten_1"), TestProfiles.tenant("ten_2")],
            keys: [
                TestProfiles.key("key_1", of: "ten_1", secrets: [("aaaaaaaaaa", "one", nil)]),
                TestProfiles.key("key_2", of: "ten_2", secrets: [("bbbbbbbbbb", "two", nil)]),
            ])
        directory.remove(tenant: ID("ten_1"))
        #expect(directory.tenant(ID("ten_1")) == nil)
        #expect(directory.key(ID("key_1")) == nil)
        #expect(directory.secret(publicID: try publicID("aaaaaaaaaa")) == nil)
        #expect(directory.secret(publicID: try publicID("bbbbbbbbbb")) != nil)
        #expect(directory.allTenants().map(\.tenant.id) == [ID("ten_2")])
    }

    @Test func `a key without its tenant proves nothing`() throws {
        let directory = Directory(keys: [TestProfiles.key(secrets: [("aaaaaaaaaa", "one", nil)])])
        #expect(directory.secret(publicID: try publicID("aaaaaaaaaa")) == nil)
    }

    @Test func `standing follows every change`() throws {
        let secret = try publicID("aaaaaaaaaa")
        let key = TestProfiles.key(secrets: [("aaaaaaaaaa", "one", nil)])
        let directory = Directory(tenants: [TestProfiles.tenant()], keys: [key])
        let principal = Principal(tenant: TestProfiles.tenant(), key: key, secret: secret)
        func standing() -> String {
            switch directory.current(principal, at: now) {
            case .good(let fresh): "good \(fresh.tenant.quota.rpm ?? 0)"
            case .refused: "refused"
            case .suspended: "suspended"
            }
        }
        #expect(standing() == "good 0")
        directory.put(TestProfiles.tenant(quota: Quota(rpm: 7)))
        #expect(standing() == "good 7")
        directory.put(TestProfiles.tenant(suspended: true))
        #expect(standing() == "suspended")
        directory.put(TestProfiles.tenant(archivedAt: now))
        #expect(standing() == "refused")
        directory.put(TestProfiles.tenant())
        directory.put(TestProfiles.key(secrets: [("aaaaaaaaaa", "one", now)]))
        #expect(standing() == "refused", "the secret has ended")
        directory.put(TestProfiles.key(secrets: [("aaaaaaaaaa", "one", nil)], expiresAt: now))
        #expect(standing() == "refused", "the key has expired")
        directory.put(TestProfiles.key(secrets: [("aaaaaaaaaa", "one", nil)], revokedAt: now))
        #expect(standing() == "refused", "the key was revoked")
        directory.remove(key: key.key.id)
        #expect(standing() == "refused", "the key is gone")
    }
}
