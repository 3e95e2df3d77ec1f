import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct MoneyRoutesTests {
    @Test("a budget is made, binds at once, is changed and deleted")
    func budgets() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call(
                "POST", "/budgets",
                "{\"tenant_id\":\"\(tenant)\",\"limit\":\"10.50\",\"window\":\"month\",\"mode\":\"hard\","
                    + "\"alerts_at\":[0.8,0.5,1]}")
            #expect(made.status == 201)
            #expect(made.text("limit") == "10.5")
            #expect(made["alerts_at"] == .array([.number("0.5"), .number("0.8"), .number("1")]))
            let path = "/budgets/" + made.text("id")
            let state = try await harness.client.call("GET", path + "/state")
            #expect(state.text("posted") == "0")
            #expect(state.text("remaining") == "10.5")
            #expect(state.text("resets_at").hasSuffix("-01T00:00:00Z"))
            let id = ID<Tenant>(tenant)
            #expect(harness.plane.ledger.isCapped(tenantID: id, keyID: ID("key_x"), model: "m", pool: "p"))
            _ = try await harness.client.call("PATCH", path, #"{"limit":"3"}"#)
            let left = harness.plane.ledger.remaining(tenantID: id, keyID: ID("key_x"), model: "m", pool: "p")
            #expect(left == Money(pico: 3_000_000_000_000))
            #expect(try await harness.client.call("PATCH", path, #"{"window":"day"}"#).pointers == ["/window"])
            let listed = try await harness.client.call("GET", "/budgets?tenant_id=\(tenant)")
            #expect(listed.names("id") == [made.text("id")])
            #expect(try await harness.client.call("DELETE", path).status == 204)
            #expect(try await harness.client.call("GET", path).status == 404)
            #expect(!harness.plane.ledger.isCapped(tenantID: id, keyID: ID("key_x"), model: "m", pool: "p"))
        }
    }

    @Test("a twin budget is a conflict; another window or mode is not")
    func twin() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let body = { (window: String, mode: String) in
                "{\"tenant_id\":\"\(tenant)\",\"limit\":\"1\",\"window\":\"\(window)\",\"mode\":\"\(mode)\"}"
            }
            #expect(try await harness.client.call("POST", "/budgets", body("day", "hard")).status == 201)
            let twin = try await harness.client.call("POST", "/budgets", body("day", "hard"))
            #expect(twin.status == 409)
            #expect(twin.text("code") == "twin_budget")
            #expect(try await harness.client.call("POST", "/budgets", body("week", "hard")).status == 201)
            #expect(try await harness.client.call("POST", "/budgets", body("day", "soft")).status == 201)
        }
    }

    @Test(
        "what a budget cannot be is refused",
        arguments: [
            (#""limit":"-1","window":"day""#, "/limit"), (#""limit":1,"window":"day""#, "/limit"),
            (#""limit":"0.0000000000001","window":"day""#, "/limit"), (#""limit":"1","window":"year""#, "/window"),
            (#""limit":"1","window":"day","model":"none""#, "/model"),
            (#""limit":"1","window":"day","pool":"none""#, "/pool"),
            (#""limit":"1","window":"day","key_id":"key_none""#, "/key_id"), (#""window":"day""#, "/limit"),
            (#""limit":"1","window":"day","alerts_at":[0]"#, "/alerts_at/0"),
            (#""limit":"1","window":"day","spent":1"#, "/spent"),
        ])
    func refused(fields: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let answer = try await harness.client.call("POST", "/budgets", "{\"tenant_id\":\"\(tenant)\",\(fields)}")
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(harness.plane.ledger.allStates().states.isEmpty)
        }
    }

    @Test("a budget for all models names none: one of * is refused, and told so")
    func allModels() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let body = { (model: String) in
                "{\"tenant_id\":\"\(tenant)\",\"limit\":\"1\",\"window\":\"day\",\"model\":\(model)}"
            }
            let refused = try await harness.client.call("POST", "/budgets", body("\"*\""))
            #expect(refused.status == 400)
            #expect(refused.text("code") == "unknown_model")
            #expect(refused.text("detail") == "/model must name one model; leave it out to cap all of them")
            #expect(harness.plane.ledger.allStates().states.isEmpty)
            #expect(try await harness.client.call("POST", "/budgets", body("null")).status == 201)
        }
    }

    @Test("moving a tenant to another zone moves its windows")
    func zone() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await self.tenant(harness)
            let made = try await harness.client.call(
                "POST", "/budgets", "{\"tenant_id\":\"\(tenant)\",\"limit\":\"1\",\"window\":\"day\"}")
            let path = "/budgets/" + made.text("id") + "/state"
            #expect(try await harness.client.call("GET", path).text("window_start").hasSuffix("T00:00:00Z"))
            _ = try await harness.client.call("PATCH", "/tenants/" + tenant, #"{"time_zone":"Asia/Kolkata"}"#)
            #expect(try await harness.client.call("GET", path).text("window_start").hasSuffix("T18:30:00Z"))
        }
    }

    @Test("a price is a version: the same again changes nothing, other numbers are a conflict")
    func prices() async throws {
        try await AdminHarness.run { harness in
            let body = { (input: String) in
                "{\"model\":\"m\",\"effective_from\":\"2026-01-01T00:00:00Z\","
                    + "\"per_million\":{\"input\":\"\(input)\",\"output\":\"0.60\"}}"
            }
            let made = try await harness.client.call("POST", "/prices", body("0.15"))
            #expect(made.status == 201)
            #expect(made["per_million"] == .texts(["input": "0.15", "output": "0.6"]))
            let again = try await harness.client.call("POST", "/prices", body("0.150"))
            #expect(again.status == 200)
            #expect(again.text("id") == made.text("id"))
            #expect(try await harness.client.call("POST", "/prices", body("0.2")).text("code") == "price_conflict")
            let now = harness.plane.time.now()
            #expect(
                harness.plane.prices.sheet(model: "m", tenantID: ID("ten_1"), at: now)?.standard.id == made.text("id"))
            #expect(try await harness.client.call("GET", "/prices").names("model") == ["m"])
            #expect(try await harness.client.call("GET", "/prices/history?model=m").names("model") == ["m"])
            #expect(try await harness.client.call("GET", "/prices/history?model=x").names("model") == [])
            #expect(try await harness.client.call("GET", "/prices/history").status == 400)
        }
    }

    @Test("a price can be agreed with one tenant, which must be there")
    func agreed() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let body = { (members: String) in
                "{\"model\":\"m\",\"effective_from\":\"2026-01-01T00:00:00Z\",\(members)"
                    + "\"per_million\":{\"input\":\"1\",\"output\":\"2\"}}"
            }
            let list = try await client.call("POST", "/prices", body(""))
            let made = try await client.call("POST", "/prices", body("\"tenant_id\":\"\(tenant)\","))
            #expect(made.status == 201 && made.text("tenant_id") == tenant && list["tenant_id"] == .null)
            #expect(try await client.call("POST", "/prices", body("\"tenant_id\":\"\(tenant)\",")).status == 200)
            for path in ["/prices?tenant_id=\(tenant)", "/prices/history?model=m&tenant_id=\(tenant)"] {
                #expect(try await client.call("GET", path).names("id") == [made.text("id")])
            }
            #expect(try await client.call("GET", "/prices/history?model=m").names("id").count == 2)
            let prices = harness.plane.prices
            let now = harness.plane.time.now()
            #expect(prices.sheet(model: "m", tenantID: ID(tenant), at: now)?.standard.id == made.text("id"))
            #expect(prices.sheet(model: "m", tenantID: ID("ten_x"), at: now)?.standard.id == list.text("id"))
            let rows = try harness.plane.file.auditEntries().filter { $0.action == "price.publish" }
            #expect(rows.count == 2 && rows.contains { $0.after?.contains(tenant) == true })
            for (members, code, pointer) in [
                (#""tenant_id":"ten_no","#, "unknown_tenant", "/tenant_id"),
                (#""kind":"upstream","tenant_id":"ten_no","#, "invalid_request", "/tenant_id"),
                (#""kind":"upstream","backend_id":"be_no","#, "unknown_backend", "/backend_id"),
            ] {
                let refused = try await client.call("POST", "/prices", body(members))
                #expect(refused.status == 400 && refused.text("code") == code && refused.pointers == [pointer])
            }
            let path = "/prices/import?format=litellm&kind=upstream&backend_id=be_no"
            for options in ["", "&dry_run=true"] {
                let refused = try await client.call("POST", path + options, "{}")
                #expect(refused.status == 400 && refused.text("code") == "unknown_backend")
            }
            #expect(try await client.call("GET", "/prices").names("id").count == 2)
        }
    }

    @Test("tiers, long context and units are versions of their own, shown as they were given")
    func priceSheet() async throws {
        try await AdminHarness.run { harness in
            let body = { (rest: String) in
                "{\"model\":\"m\",\"effective_from\":\"2026-01-01T00:00:00Z\",\(rest)}"
            }
            let versions = [
                #""per_million":{"input":"0.15","output":"0.6","input_audio":"10"},"per_unit":{"search":"0.01"}"#,
                #""above_tokens":200000,"per_million":{"input":"0.30","output":"1.2"}"#,
                #""tier":"hd/1024x1792","per_million":null,"per_unit":{"image":"0.120000000001"}"#,
            ]
            var ids: [String] = []
            for version in versions {
                let made = try await harness.client.call("POST", "/prices", body(version))
                #expect(made.status == 201)
                ids.append(made.text("id"))
                let again = try await harness.client.call("POST", "/prices", body(version))
                #expect(again.status == 200)
                #expect(again.text("id") == made.text("id"))
            }
            let clash = versions[2].replacing("0001\"}", with: "0001\",\"request\":\"0\"}")
            #expect(try await harness.client.call("POST", "/prices", body(clash)).text("code") == "price_conflict")
            let shown = try await harness.client.call("GET", "/prices/history?model=m").body.text
            for part in [
                #""tier":null,"above_tokens":null,"#, #""tier":null,"above_tokens":200000,"#,
                #""tier":"hd/1024x1792","above_tokens":null,"#,
                #""per_million":{"input":"0.15","input_audio":"10","output":"0.6"},"per_unit":{"search":"0.01"}"#,
                #""per_million":null,"per_unit":{"image":"0.120000000001"}"#,
            ] { #expect(shown.contains(part), "\(shown)") }
            let sheet = try #require(
                harness.plane.prices.sheet(model: "m", tenantID: ID("ten_1"), at: harness.plane.time.now()))
            #expect(sheet.standard.id == ids[0])
            #expect(sheet.standard.rates.perUnit == ["search": "0.01"])
            #expect(sheet.version(tiers: [], inputTokens: 200_001).id == ids[1])
            #expect(sheet.version(tiers: ["hd/1024x1792"], inputTokens: 0).id == ids[2])
        }
    }

    @Test(
        "a price says what it charges by, and nothing is free by omission",
        arguments: [
            (#""per_unit":{"image":"1"}"#, "/per_million"), (#""per_million":null"#, "/per_unit"),
            (#""per_million":null,"per_unit":{}"#, "/per_unit"), (#""per_million":{}"#, "/per_million/input"),
            (#""per_million":null,"per_unit":{"input":"1"}"#, "/per_unit/input"),
            (#""per_million":null,"per_unit":{"image":"0.0000000000001"}"#, "/per_unit/image"),
            (#""per_million":null,"per_unit":{"image":"9999999999"}"#, "/per_unit/image"),
            (#""per_million":null,"per_unit":null"#, "/per_unit"),
            (#""per_million":{"input":"1","output":"1","image":"1"}"#, "/per_million/image"),
            (#""per_million":{"input":"1","output":"1"},"above_tokens":0"#, "/above_tokens"),
            (#""per_million":{"input":"1","output":"1"},"above_tokens":"5""#, "/above_tokens"),
            (#""per_million":[],"per_unit":{"image":"1"}"#, "/per_million"),
        ])
    func refusedSheet(fields: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call(
                "POST", "/prices", "{\"model\":\"m\",\"effective_from\":\"2026-01-01T00:00:00Z\",\(fields)}")
            #expect(answer.status == 400)
            #expect(Set(answer.pointers) == [pointer])
            #expect(try await harness.client.call("GET", "/prices").names("id") == [])
        }
    }

    @Test(
        "what a price cannot be is refused",
        arguments: [
            (#"{"output":"1"}"#, "/per_million/input"), (#"{"input":"0.0000001","output":"1"}"#, "/per_million/input"),
            (#"{"input":"1","output":"-1"}"#, "/per_million/output"),
            (#"{"input":1,"output":"1"}"#, "/per_million/input"),
            (#"{"input":"1","output":"99999999999999999999"}"#, "/per_million/output"),
            (#"{"input":"1","output":"1","video":"1"}"#, "/per_million/video"),
        ])
    func refusedPrice(rates: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call(
                "POST", "/prices",
                "{\"model\":\"m\",\"effective_from\":\"2026-01-01T00:00:00Z\",\"per_million\":\(rates)}")
            #expect(answer.status == 400)
            #expect(answer.pointers.first == pointer)
        }
    }

    @Test("holds are listed; one that is not there cannot be resolved")
    func holds() async throws {
        try await AdminHarness.run { harness in
            #expect(try await harness.client.call("GET", "/holds?state=live").names() == [])
            #expect(try await harness.client.call("GET", "/holds?state=gone").status == 400)
            let missing = try await harness.client.call("POST", "/holds/req_x.1/resolve", #"{"release":true}"#)
            #expect(missing.status == 404)
            for body in ["{}", #"{"release":false}"#, #"{"release":true,"charge":"1"}"#, #"{"charge":"-1"}"#] {
                let answer = try await harness.client.call("POST", "/holds/req_x.1/resolve", body)
                #expect(answer.status == 400)
            }
            let many = try await harness.client.call("POST", "/holds/resolve", #"{"older_than":"1h","release":true}"#)
            #expect(many["resolved"] == .number("0"))
        }
    }

    @Test("a hold that a crash left is charged or released; a live one settles by itself")
    func resolve() async throws {
        try await AdminHarness.run { ledger, file in
            try file.write { db in try TenancyStore.insert(db, tenant: Self.owner) }
            for attempt in 1...3 { try await Self.hold(ledger, attempt: attempt) }
        } _: { harness in
            try await Self.hold(harness.plane.ledger, attempt: 4)
            let uncertain = try await harness.client.call("GET", "/holds?state=uncertain")
            let names = uncertain.names("id")
            #expect(uncertain.names("amount") == ["1", "1", "1"])
            #expect(try await harness.client.call("GET", "/holds?state=live").names("state") == ["live"])
            let live = try await harness.client.call("GET", "/holds?state=live").names("id")[0]
            let refused = try await harness.client.call("POST", "/holds/\(live)/resolve", #"{"release":true}"#)
            #expect(refused.text("code") == "hold_live")
            let charged = try await harness.client.call("POST", "/holds/\(names[0])/resolve", #"{"charge":"0.25"}"#)
            #expect(charged.status == 200)
            let again = try await harness.client.call("POST", "/holds/\(names[0])/resolve", #"{"charge":"0.25"}"#)
            #expect(again.status == 404)
            let young = try await harness.client.call("POST", "/holds/resolve", #"{"older_than":"1h","release":true}"#)
            #expect(young["resolved"] == .number("0"))
            let rest = try await harness.client.call("POST", "/holds/resolve", #"{"older_than":"0s","release":true}"#)
            #expect(rest["resolved"] == .number("2"))
            #expect(try await harness.client.call("GET", "/holds?state=uncertain").names() == [])
            let rows = try harness.plane.file.auditEntries()
            #expect(rows.map(\.action) == ["hold.resolve", "hold.resolve", "hold.resolve"])
        }
    }

    private static let owner = Tenant(id: ID("ten_a"), name: "a", createdAt: Timestamp(microseconds: 0))

    /// Reserves and records one dollar.
    private static func hold(_ ledger: Ledger, attempt: Int) async throws {
        let now = SystemClock().now()
        let dollar = Money(pico: 1_000_000_000_000)
        let claim = Ledger.Claim(
            requestID: .make(at: now), attempt: attempt, tenant: owner, keyID: ID("key_a"), model: "m", pool: "p",
            backendID: "", wanted: dollar, atLeast: dollar, admittedAt: now, price: nil)
        guard case .held(let reservation) = ledger.reserve(claim) else { throw LedgerError.notLive }
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            ledger.record(reservation) { error in
                if let error { done.resume(throwing: error) } else { done.resume() }
            }
        }
    }

    private func tenant(_ harness: AdminHarness) async throws -> String {
        try await harness.client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
    }
}
