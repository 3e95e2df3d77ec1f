import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct UsageRoutesTests {
    private static let tenant = ID<Tenant>("ten_1")
    private static let key = ID<APIKey>("key_1")

    /// An earlier process that served two calls of one tenant, the second after a failed attempt.
    static func serve(_ ledger: Ledger, _ file: DatabaseFile) async throws {
        let now = try #require(Timestamp(rfc3339: "2026-10-24T22:30:00Z"))
        let tenant = Tenant(id: Self.tenant, name: "acme", timeZone: "Europe/Rome", createdAt: now)
        try file.write { db in
            try TenancyStore.insert(db, tenant: tenant)
            let key = APIKey(
                id: Self.key, tenantID: tenant.id, publicID: "0000000000", name: "main", createdAt: now,
                tags: ["team": "blue"])
            let secret = KeySecretRecord(publicID: "0000000000", keyID: Self.key, phc: "$argon2id$x")
            try TenancyStore.insert(db, key: key, secret: secret)
        }
        for call in 0..<2 {
            let instant = now.adding(milliseconds: Int64(call) * 3_600_000)
            let request = RequestID.make(at: instant)
            for attempt in 1...call + 1 {
                let claim = Ledger.Claim(
                    requestID: request, attempt: attempt, tenant: tenant, keyID: Self.key, model: "m",
                    pool: "p\(attempt)", wanted: Money(pico: 10), admittedAt: instant)
                guard case .held(let reservation) = ledger.reserve(claim) else {
                    throw LedgerError.unavailable("no hold")
                }
                let isLast = attempt == call + 1
                let settlement = Settlement(
                    reservation: reservation, backendID: "be_\(attempt)",
                    usage: isLast ? TokenUsage(input: 3, output: 2) : .zero, provenance: isLast ? .reported : .none,
                    cost: isLast ? Money(pico: 7) : .zero, listCost: isLast ? Money(pico: 7) : .zero,
                    outcome: isLast ? .answered : .errorStatus, status: isLast ? 200 : 500, endedAt: instant)
                await withCheckedContinuation { done in ledger.record(reservation) { _ in done.resume() } }
                await withCheckedContinuation { done in ledger.settle(settlement) { _ in done.resume() } }
            }
        }
    }

    private func get(_ harness: AdminHarness, _ path: String) async throws -> AdminClient.Answer {
        try await harness.client.call("GET", path)
    }

    @Test("usage is told by span and group, with names, and costs are the same figures")
    func usage() async throws {
        try await AdminHarness.run(before: Self.serve) { harness in
            let range = "start=2026-10-24&end=2026-10-26"
            for path in ["/usage", "/costs"] {
                let answer = try await get(harness, path + "?\(range)&group_by=tenant,key,tag:team&tenant_id=ten_1")
                #expect(answer.status == 200)
                let row: JSONValue = [
                    "tenant": "ten_1", "tenant_name": "acme", "key": "key_1", "key_name": "main", "tag:team": "blue",
                    "requests": .number("2"), "tokens": ["input": .number("6"), "output": .number("4")],
                    "cost": "0.000000000014",
                ]
                // The zone is the tenant's, whose day of the 25th has 25 hours and both calls.
                let data: JSONValue = .array([
                    ["start": "2026-10-23T22:00:00Z", "end": "2026-10-24T22:00:00Z", "results": .array([])],
                    ["start": "2026-10-24T22:00:00Z", "end": "2026-10-25T23:00:00Z", "results": .array([row])],
                ])
                #expect(answer["data"] == data, "\(answer.body.text)")
                #expect(answer["has_more"] == false && answer["next"] == nil)
            }
        }
    }

    @Test("pages go on where the one before ended")
    func pages() async throws {
        try await AdminHarness.run(before: Self.serve) { harness in
            let path = "/usage?start=2026-10-24T22:00:00Z&end=2026-10-25T00:00:00Z&bucket=hour&group_by=model&limit=1"
            let first = try await get(harness, path)
            #expect(first["has_more"] == true)
            let second = try await get(harness, path + "&after=" + first.text("next"))
            #expect(second["has_more"] == false)
            #expect(first.names("start") == ["2026-10-24T22:00:00Z"])
            #expect(second.names("start") == ["2026-10-24T23:00:00Z"])
        }
    }

    @Test(
        "a bad parameter is named",
        arguments: [
            ("/usage?bucket=week", "?bucket"), ("/usage?start=x", "?start"), ("/costs?group_by=color", "?group_by"),
            ("/usage?time_zone=UTC%2B1", "?time_zone"), ("/usage?tenant_id=ten_nobody", "?tenant_id"),
            ("/usage?typo=1", "?typo"), ("/costs?limit=0", "?limit"), ("/usage?after=1.x", "?after"),
            ("/requests?status=fine", "?status"), ("/requests?start=2026", "?start"), ("/requests?limit=x", "?limit"),
        ])
    func faults(path: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await get(harness, path)
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
        }
    }

    @Test("a request is shown with every attempt, and never what was said")
    func requests() async throws {
        try await AdminHarness.run(before: Self.serve) { harness in
            let list = try await get(harness, "/requests?tenant_id=ten_1&status=200&limit=1")
            #expect(list["has_more"] == true)
            let id = try #require(list.names("id").first)
            let shown = try await get(harness, "/requests/" + id)
            #expect(shown.text("cost") == "0.000000000007")
            #expect(shown.text("outcome") == "answered" && shown.text("provenance") == "reported")
            #expect(shown["tokens"] == ["input": .number("3"), "output": .number("2")])
            guard case .array(let attempts) = shown["attempts"], case .object(let first)? = attempts.first else {
                Issue.record("no attempts: \(shown.body.text)")
                return
            }
            #expect(attempts.count == 2)
            let members = Dictionary(first.map { ($0.name, $0.value) }) { one, _ in one }
            #expect(members["status"] == .number("500") && members["pool"] == "p1" && members["backend_id"] == "be_1")
            #expect(members["cost"] == "0" && members["outcome"] == "error_status")
            let rest = try await get(harness, "/requests?after=" + list.text("next"))
            #expect(rest.names("id").count == 1 && rest["has_more"] == false)
            #expect(try await get(harness, "/requests?status=error_status").names("id") == [])
            #expect(try await get(harness, "/requests/req_nobody").status == 404)
        }
    }
}
