import GRDB
import Support
import Tenancy
import Testing

@Suite struct TenancyStoreTests {
    private let place: TemporaryDatabase
    private let file: DatabaseFile
    private let now = TestProfiles.start
    private let phc = "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA"

    init() throws {
        place = try TemporaryDatabase()
        file = try DatabaseFile.open(path: place.path, migrations: [TenancySchema.register])
    }

    private func tenant(_ id: String, name: String? = nil) -> Tenant {
        Tenant(id: ID(id), name: name ?? id, createdAt: now)
    }

    private func key(_ id: String, of tenant: String = "ten_1", publicID: String) -> APIKey {
        APIKey(id: ID(id), tenantID: ID(tenant), publicID: publicID, name: id, createdAt: now)
    }

    private func secret(_ publicID: String, of key: String, notAfter: Timestamp? = nil) -> KeySecretRecord {
        KeySecretRecord(publicID: publicID, keyID: ID(key), phc: phc, notAfter: notAfter)
    }

    private func addTenantWithKey() throws {
        try file.write { database in
            try TenancyStore.insert(database, tenant: tenant("ten_1"))
            try TenancyStore.insert(
                database, key: key("key_1", publicID: "aaaaaaaaaa"), secret: secret("aaaaaaaaaa", of: "key_1"))
        }
    }

    private func damage(_ sql: String) throws {
        try file.write { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: sql)
            try database.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
    }

    @Test(arguments: [
        "on_insufficient = 'x'", "tags = '['", "tags = 'null'", "price_multiplier_ppm = -1",
        "price_multiplier_ppm = 9223372036854775807",
    ])
    func `an odd row suspends its tenant and no other`(change: String) throws {
        try addTenantWithKey()
        try file.write { try TenancyStore.insert($0, tenant: tenant("ten_2")) }
        try damage("UPDATE tenants SET \(change) WHERE id = 'ten_1'")
        let all = try file.read { try TenancyStore.allTenants($0) }
        #expect(all.map(\.tenant.suspended) == [true, false])
    }

    @Test(arguments: ["UPDATE api_keys SET models = '['", "UPDATE api_keys SET allowed_ips = '{'"])
    func `an odd row of a key leaves that key out`(change: String) throws {
        try addTenantWithKey()
        try file.write {
            try TenancyStore.insert(
                $0, key: key("key_2", publicID: "bbbbbbbbbb"), secret: secret("bbbbbbbbbb", of: "key_2"))
        }
        try damage("\(change) WHERE id = 'key_1'")
        let all = try file.read { try TenancyStore.allKeys($0) }
        #expect(all.map(\.key.id.text) == ["key_2"])
    }

    @Test(arguments: [
        ("UPDATE api_keys SET models = '['", "JSON column"), ("DELETE FROM key_secrets", "key_secrets"),
    ])
    func `an odd row of a key is named where somebody asks for it`(change: String, part: String) throws {
        try addTenantWithKey()
        try damage(change)
        #expect(throws: TenancyError.damaged("\(part) of api_keys, key_1 of tenant ten_1")) {
            try file.read { try TenancyStore.key($0, ID("key_1")) }
        }
    }

    @Test func `an admin key without a role is as one that is revoked`() throws {
        let key = AdminKey(
            id: ID("adm_1"), publicID: "aaaaaaaaaa", name: "a", role: .admin, phc: phc, createdAt: now)
        try file.write { try TenancyStore.insert($0, adminKey: key) }
        try damage("UPDATE admin_keys SET role = 'king'")
        let (found, listed) = try file.read {
            (try TenancyStore.adminKey($0, key.id), try TenancyStore.adminKeys($0, limit: 9))
        }
        #expect(found?.isUsable(at: now) == false)
        #expect(listed.map { $0.isUsable(at: now) } == [false])
    }

    @Test func `a tenant is read back as it was written`() throws {
        var tenant = Tenant(
            id: ID("ten_1"), name: "Forschung & Söhne", timeZone: "Europe/Berlin", tags: ["team": "a\"b", "x": "/"],
            priceMultiplierPPM: 1_250_000, onInsufficient: .trim, trimFloor: 1, holdWaitMS: 0,
            uncertainReleaseAfterSeconds: 3600, suspended: true, createdAt: now)
        try file.write { try TenancyStore.insert($0, tenant: tenant) }
        #expect(try file.read { try TenancyStore.tenant($0, tenant.id) } == tenant)
        tenant.name = "other"
        tenant.tags = [:]
        tenant.uncertainReleaseAfterSeconds = nil
        try file.write { try TenancyStore.update($0, tenant: tenant) }
        #expect(try file.read { try TenancyStore.tenant($0, named: "other") } == tenant)
        for flag in [false, true] {
            tenant.suspended = flag
            try file.write { try TenancyStore.update($0, tenant: tenant) }
            #expect(try file.read { try TenancyStore.tenant($0, tenant.id)?.suspended } == flag)
        }
    }

    @Test func `names of active tenants are unique`() throws {
        try file.write { try TenancyStore.insert($0, tenant: tenant("ten_1", name: "a")) }
        try file.write { try TenancyStore.insert($0, tenant: tenant("ten_2", name: "b")) }
        #expect(throws: TenancyError.nameTaken) {
            try file.write { try TenancyStore.insert($0, tenant: tenant("ten_3", name: "a")) }
        }
        #expect(throws: TenancyError.nameTaken) {
            try file.write { try TenancyStore.update($0, tenant: tenant("ten_2", name: "a")) }
        }
        #expect(throws: TenancyError.duplicate) {
            try file.write { try TenancyStore.insert($0, tenant: tenant("ten_1", name: "c")) }
        }
    }

    @Test func `archiving frees the name and revokes the keys`() throws {
        try addTenantWithKey()
        try file.write { try TenancyStore.archive($0, tenant: ID("ten_1"), at: now) }
        try file.write { try TenancyStore.insert($0, tenant: tenant("ten_2", name: "ten_1")) }
        try file.read { (database) throws in
            #expect(try TenancyStore.tenant(database, ID("ten_1"))?.archivedAt == now)
            #expect(try TenancyStore.key(database, ID("key_1"))?.revokedAt == now)
            #expect(try TenancyStore.allTenants(database).map(\.tenant.id) == [ID("ten_2")])
            #expect(try TenancyStore.allKeys(database).isEmpty)
            #expect(try TenancyStore.tenant(database, named: "ten_1")?.id == ID("ten_2"))
        }
        for change in [
            { try TenancyStore.archive($0, tenant: ID("ten_1"), at: self.now) },
            { try TenancyStore.update($0, tenant: self.tenant("ten_1")) },
            { try TenancyStore.putQuota($0, tenant: ID("ten_1"), Quota(rpm: 1)) },
            { try TenancyStore.putEntitlements($0, tenant: ID("ten_1"), []) },
            { try TenancyStore.revoke($0, key: ID("key_1"), at: self.now) },
            { try TenancyStore.update($0, key: self.key("key_1", publicID: "aaaaaaaaaa")) },
        ] as [(Database) throws -> Void] {
            #expect(throws: TenancyError.notFound) { try file.write(change) }
        }
    }

    @Test func `values the schema forbids are refused`() throws {
        var long = tenant("ten_1", name: String(repeating: "n", count: 201))
        #expect(throws: TenancyError.invalid) { try file.write { try TenancyStore.insert($0, tenant: long) } }
        long = tenant("ten_1", name: "")
        #expect(throws: TenancyError.invalid) { try file.write { try TenancyStore.insert($0, tenant: long) } }
        var negative = tenant("ten_1")
        negative.priceMultiplierPPM = -1
        #expect(throws: TenancyError.invalid) { try file.write { try TenancyStore.insert($0, tenant: negative) } }
        try addTenantWithKey()
        #expect(throws: TenancyError.invalid) {
            try file.write { try TenancyStore.putQuota($0, tenant: ID("ten_1"), Quota(rpm: -1)) }
        }
    }

    @Test func `entitlements keep their order and name each pool once`() throws {
        try addTenantWithKey()
        let wanted = [Entitlement(pool: "slow", models: ["a", "b/c"]), Entitlement(pool: "fast")]
        try file.write { try TenancyStore.putEntitlements($0, tenant: ID("ten_1"), wanted) }
        #expect(try file.read { try TenancyStore.profile($0, ID("ten_1"))?.entitlements } == wanted)
        #expect(try file.read { try TenancyStore.allTenants($0).first?.entitlements } == wanted)
        #expect(throws: TenancyError.duplicate) {
            try file.write {
                try TenancyStore.putEntitlements($0, tenant: ID("ten_1"), [wanted[0], wanted[0]])
            }
        }
        #expect(try file.read { try TenancyStore.entitlements($0, tenant: ID("ten_1")) } == wanted)
        try file.write { try TenancyStore.putEntitlements($0, tenant: ID("ten_1"), []) }
        #expect(try file.read { try TenancyStore.entitlements($0, tenant: ID("ten_1")) } == [])
    }

    @Test func `a key is read back as it was written`() throws {
        try addTenantWithKey()
        var key = APIKey(
            id: ID("key_2"), tenantID: ID("ten_1"), publicID: "bbbbbbbbbb", name: "ci", createdAt: now,
            expiresAt: now.adding(milliseconds: 1), models: ["a"], allowedIPs: ["10.0.0.0/8"], tags: ["k": "v"],
            scope: "tenant_usage")
        try file.write { try TenancyStore.insert($0, key: key, secret: secret("bbbbbbbbbb", of: "key_2")) }
        #expect(try file.read { try TenancyStore.key($0, key.id) } == key)
        key.models = nil
        key.name = "cd"
        try file.write { try TenancyStore.update($0, key: key) }
        #expect(try file.read { try TenancyStore.keyProfile($0, key.id)?.key } == key)
        #expect(throws: TenancyError.duplicate) {
            try file.write {
                try TenancyStore.insert(
                    $0, key: self.key("key_3", publicID: "bbbbbbbbbb"), secret: secret("bbbbbbbbbb", of: "key_3"))
            }
        }
        #expect(try file.read { try TenancyStore.key($0, ID("key_3")) } == nil, "a failed change leaves nothing")
        #expect(throws: TenancyError.notFound) {
            try file.write {
                try TenancyStore.insert(
                    $0, key: self.key("key_4", of: "ten_9", publicID: "cccccccccc"),
                    secret: secret("cccccccccc", of: "key_4"))
            }
        }
    }

    @Test func `rotating adds a secret and lets the old ones end`() throws {
        try addTenantWithKey()
        let end = now.adding(milliseconds: 60_000)
        try file.write {
            try TenancyStore.addSecret($0, secret("bbbbbbbbbb", of: "key_1"), retireOthersAt: end)
        }
        try file.write {
            try TenancyStore.addSecret(
                $0, secret("cccccccccc", of: "key_1"), retireOthersAt: end.adding(milliseconds: 60_000))
        }
        let profile = try #require(try file.read { try TenancyStore.keyProfile($0, ID("key_1")) })
        #expect(profile.key.publicID == "cccccccccc")
        #expect(profile.secrets.map(\.publicID) == ["cccccccccc", "bbbbbbbbbb", "aaaaaaaaaa"])
        #expect(profile.secrets.map(\.notAfter) == [nil, end.adding(milliseconds: 60_000), end])
        try file.write { try TenancyStore.revoke($0, key: ID("key_1"), at: now) }
        #expect(throws: TenancyError.notFound) {
            try file.write { try TenancyStore.addSecret($0, secret("dddddddddd", of: "key_1"), retireOthersAt: end) }
        }
    }

    @Test func `a renewed hash replaces the old one`() throws {
        try addTenantWithKey()
        let renewed = phc + "2"
        let key = try file.write { try TenancyStore.replacePHC($0, publicID: "aaaaaaaaaa", phc: renewed) }
        #expect(key == ID("key_1"))
        #expect(try file.read { try TenancyStore.keyProfile($0, key)?.secrets.first?.phc } == renewed)
        #expect(throws: TenancyError.notFound) {
            try file.write { try TenancyStore.replacePHC($0, publicID: "zzzzzzzzzz", phc: renewed) }
        }
        #expect(throws: TenancyError.invalid) {
            try file.write { try TenancyStore.replacePHC($0, publicID: "aaaaaaaaaa", phc: "plain") }
        }
    }

    @Test func `quotas are put, replaced and dropped`() throws {
        try addTenantWithKey()
        let quota = Quota(rpm: 1, tpm: 2, rpd: 3, tpd: 4, concurrency: 5)
        try file.write { database in
            try TenancyStore.putQuota(database, tenant: ID("ten_1"), quota)
            try TenancyStore.putQuota(database, key: ID("key_1"), Quota(tpd: 9))
            try TenancyStore.putQuota(database, key: ID("key_1"), Quota(rpm: 0))
        }
        #expect(try file.read { try TenancyStore.profile($0, ID("ten_1"))?.quota } == quota)
        #expect(try file.read { try TenancyStore.allTenants($0).first?.quota } == quota)
        #expect(try file.read { try TenancyStore.allKeys($0).first?.quota } == Quota(rpm: 0))
        try file.write { try TenancyStore.putQuota($0, tenant: ID("ten_1"), .none) }
        #expect(try file.read { try TenancyStore.quota($0, tenant: ID("ten_1")) } == Quota.none)
    }

    @Test func `pages follow one another by id`() throws {
        try file.write { database in
            for number in 1...5 { try TenancyStore.insert(database, tenant: tenant("ten_\(number)")) }
            for letter in ["a", "b", "c"] {
                let publicID = String(repeating: letter, count: 10)
                try TenancyStore.insert(
                    database, key: key("key_" + letter, publicID: publicID),
                    secret: secret(publicID, of: "key_" + letter))
            }
            try TenancyStore.archive(database, tenant: ID("ten_3"), at: now)
        }
        try file.read { database in
            let first = try TenancyStore.tenants(database, limit: 2)
            #expect(first.map(\.id.text) == ["ten_1", "ten_2"])
            #expect(try TenancyStore.tenants(database, after: "ten_2", limit: 9).map(\.id.text) == ["ten_4", "ten_5"])
            let keys = try TenancyStore.keys(database, tenant: ID("ten_1"), after: "key_a", limit: 1)
            #expect(keys.map(\.id.text) == ["key_b"])
            #expect(try TenancyStore.keys(database, tenant: ID("ten_2"), limit: 9).isEmpty)
        }
    }

    @Test func `the audit log only grows`() throws {
        let entries = (1...3).map { number in
            AuditEntry(
                id: ID("aud_\(number)"), at: now, actor: "bootstrap", action: "tenant.create", subject: "ten_1",
                after: "{}", requestID: "req_\(number)")
        }
        try file.write { database in for entry in entries { try TenancyStore.audit(database, entry) } }
        let pages = try file.read { database in
            try [nil, 2].map { after in
                try TenancyStore.auditRecords(database, AuditFilter(), newestFirst: false, after: after, limit: 2)
                    .map(\.entry)
            }
        }
        #expect(pages == [Array(entries.prefix(2)), [entries[2]]])
        for sql in ["DELETE FROM audit_log", "UPDATE audit_log SET actor = 'x'"] {
            #expect(throws: (any Error).self) { try file.write { try $0.execute(sql: sql) } }
        }
    }

    @Test func `a setting is kept and replaced`() throws {
        #expect(try file.read { try TenancyStore.setting($0, "key_check") } == nil)
        try file.write { try TenancyStore.putSetting($0, "key_check", [0, 255]) }
        try file.write { try TenancyStore.putSetting($0, "key_check", [1, 2, 3]) }
        #expect(try file.read { try TenancyStore.setting($0, "key_check") } == [1, 2, 3])
    }
}
