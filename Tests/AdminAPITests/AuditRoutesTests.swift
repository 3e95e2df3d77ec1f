import Tenancy
import Testing

@testable import AdminAPI

@Suite struct AuditRoutesTests {
    private func actions(_ answer: AdminClient.Answer) -> [String] { answer.names("action") }

    @Test("the log shows the newest first, with what was before and after and without secrets")
    func list() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            let path = "/tenants/" + made.text("id")
            let changed = try await harness.client.call("PATCH", path, #"{"trim_floor":9}"#)
            _ = try await harness.client.call("POST", path + "/keys", #"{"name":"k"}"#)
            let log = try await harness.client.call("GET", "/audit-log")
            #expect(actions(log) == ["key.create", "tenant.update", "tenant.create"])
            let one = try await harness.client.call("GET", "/audit-log?action=tenant.update")
            guard case .array(let rows) = one["data"], case .object(let members)? = rows.first else {
                Issue.record("no entry")
                return
            }
            let row = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
            #expect(row["before"] == made.body)
            #expect(row["after"] == changed.body)
            #expect(row["request_id"] == .string(changed.requestID))
            #expect(row["actor"] == "bootstrap")
            #expect(row["seq"] == .number("2"))
        }
    }

    @Test("filters and pages fit together, and pages stay what they are while the log grows")
    func pages() async throws {
        try await AdminHarness.run { harness in
            for index in 0..<5 { _ = try await harness.client.call("POST", "/pools", "{\"name\":\"p\(index)\"}") }
            _ = try await harness.client.call("DELETE", "/pools/p0")
            let first = try await harness.client.call("GET", "/audit-log?action=pool.create&limit=2")
            #expect(first.names("subject") == ["p4", "p3"])
            _ = try await harness.client.call("POST", "/pools", #"{"name":"later"}"#)
            let next = try await harness.client.call(
                "GET", "/audit-log?action=pool.create&limit=2&after=" + first.text("next"))
            #expect(next.names("subject") == ["p2", "p1"])
            #expect(
                try await harness.client.call("GET", "/audit-log?subject=p0&order=asc").names("action")
                    == ["pool.create", "pool.delete"])
            let none = "/audit-log?start=2000-01-01T00:00:00Z&end=2000-01-02T00:00:00Z"
            #expect(try await harness.client.call("GET", none).names() == [])
            for query in ["after=x", "start=now", "order=up", "actor=a&actor=b"] {
                #expect(try await harness.client.call("GET", "/audit-log?" + query).status == 400)
            }
        }
    }

    @Test("finance sees its own entries only, and a refused role leaves one, at most once a minute")
    func own() async throws {
        try await AdminHarness.run { harness in
            let (id, text) = try await harness.adminKey(.finance)
            let finance = harness.client.with(credential: text)
            defer { finance.close() }
            _ = try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#)
            #expect(try await finance.call("GET", "/audit-log").names("action") == [])
            for _ in 0..<3 { #expect(try await finance.call("POST", "/tenants", #"{"name":"b"}"#).status == 403) }
            let mine = try await finance.call("GET", "/audit-log")
            #expect(mine.names("action") == ["role.refused"])
            #expect(mine.names("subject") == ["POST /admin/v1/tenants"])
            #expect(mine.names("actor") == [id])
            #expect(try await finance.call("GET", "/audit-log?actor=\(id)").names("action") == ["role.refused"])
            #expect(try await finance.call("GET", "/audit-log?actor=bootstrap").status == 403)
            // The other surface: a filter that leaves nothing is no question after others.
            for (query, status) in [
                ("tenant_only=true", 200), ("actor_emails[]=a@example.org", 200), ("actor_ids[]=\(id)", 200),
                ("actor_ids[]=bootstrap", 403), ("actor_ids[]=bootstrap&tenant_only=true", 403),
            ] {
                let answer = try await finance.raw(
                    "GET", "/v1/organization/audit_logs?" + query, authorization: finance.bearer)
                #expect(answer.status == status, Comment(rawValue: query))
                if query == "tenant_only=true" { #expect(answer.names("id") == []) }
            }
            #expect(
                try await harness.client.call("GET", "/audit-log").names("action") == ["role.refused", "tenant.create"])
            #expect(try harness.plane.file.read { db in try AuditVerifierStore.run(db) } == [])
        }
    }
}
