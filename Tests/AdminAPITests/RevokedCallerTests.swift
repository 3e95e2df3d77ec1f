import Billing
import Tenancy
import Testing

@testable import AdminAPI

/// What a credential began before it ended: nothing of it is committed afterwards.
@Suite struct RevokedCallerTests {
    private let path = "/admin/v1/admin-keys"
    private let body = #"{"name":"more","role":"admin"}"#

    /// Four requests for new admin keys that come to the turn while it is taken, and what ends their credential
    /// meanwhile.
    private func race(
        _ harness: AdminHarness, _ credential: String, ending: () async throws -> Void
    ) async throws -> [AdminClient.Answer] {
        let (client, hasher) = (harness.client, harness.plane.adminHasher)
        let (authorization, path, body) = ("Bearer " + credential, path, body)
        // Proven once, so that only the new keys need the hasher.
        #expect(try await client.raw("GET", path, authorization: authorization).status == 200)
        let hashed = hasher.counters.total
        let calls = try await harness.plane.turn.run {
            let calls = (0..<4).map { number in
                Task {
                    try await client.raw(
                        "POST", path, body, headers: number == 0 ? ["idempotency-key": "k"] : [:],
                        authorization: authorization)
                }
            }
            while hasher.counters.total < hashed + 4 { await Task.yield() }
            try await ending()
            return calls
        }
        var answers: [AdminClient.Answer] = []
        for call in calls { answers.append(try await call.value) }
        return answers
    }

    @Test("a key that is revoked while its requests wait makes no more keys")
    func revoked() async throws {
        try await AdminHarness.run { harness in
            let (id, text) = try await harness.adminKey(.admin)
            let (_, other) = try await harness.adminKey(.admin)
            let (plane, directory) = (harness.plane, harness.plane.adminKeys.directory)
            let answers = try await race(harness, text) {
                let now = plane.time.now()
                try await plane.journal.write { db in
                    try TenancyStore.revoke(db, adminKey: ID(id), at: now)
                } committed: {
                    directory.remove(ID(id))
                }
            }
            #expect(answers.map(\.status) == [401, 401, 401, 401])
            #expect(answers.allSatisfy { $0.text("code") == "unauthenticated" && $0["key"] == .null })
            #expect(try plane.file.auditEntries().isEmpty)
            let left = try await harness.client.raw("GET", path, authorization: "Bearer " + other)
            #expect(left.names() == ["admin"])
            let kept = try plane.file.read { db in try TenancyStore.idempotencyRecord(db, actor: id, key: "k") }
            #expect(kept == nil)
        }
    }

    @Test("the bootstrap credential makes no more keys once there is one, though it asked before")
    func bootstrap() async throws {
        try await AdminHarness.run { harness in
            let answers = try await race(harness, AdminHarness.credential) { _ = try await harness.adminKey(.admin) }
            #expect(answers.map(\.status) == [401, 401, 401, 401])
            #expect(try harness.plane.file.auditEntries().isEmpty)
        }
    }

    @Test("the database has the last word: a key that only it knows to be revoked changes nothing")
    func transaction() async throws {
        try await AdminHarness.run { harness in
            let (id, text) = try await harness.adminKey(.admin)
            let admin = harness.client.with(credential: text)
            defer { admin.close() }
            let tenant = try await admin.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            _ = try await admin.call("POST", "/pools", #"{"name":"p"}"#)
            let rows = try harness.plane.file.auditEntries().count
            let now = harness.plane.time.now()
            try await harness.plane.journal.write { db in try TenancyStore.revoke(db, adminKey: ID(id), at: now) }
            let list = #"{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}"#
            let calls: [(method: String, path: String, body: String?)] = [
                ("POST", "/tenants", #"{"name":"b"}"#), ("PATCH", "/tenants/\(tenant)", #"{"name":"b"}"#),
                ("DELETE", "/tenants/\(tenant)", nil), ("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#),
                ("PUT", "/tenants/\(tenant)/quotas", #"{"rpm":1}"#), ("PATCH", "/pools/p", #"{"policy":"latency"}"#),
                ("POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#),
                ("POST", "/tenants/\(tenant)/credits", #"{"amount":"1","kind":"prepaid"}"#),
                ("POST", "/prices/import?format=litellm", list),
                ("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#),
                ("POST", "/periods/\(harness.lastMonth.text)/close", "{}"),
                ("GET", "/exports/\(harness.lastMonth.text)", nil),
            ]
            for call in calls {
                let answer = try await admin.call(call.method, call.path, call.body)
                #expect(answer.status == 401, Comment(rawValue: "\(call.method) \(call.path)"))
            }
            #expect(try harness.plane.file.auditEntries().count == rows)
        }
    }
}
