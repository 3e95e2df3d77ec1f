import Testing

@testable import AdminAPI

@Suite struct AdminServerTests {
    @Test(
        "nothing is answered without the credential, known path or not",
        arguments: [
            nil, "", "Bearer ", "Bearer wrong", "Basic " + AdminHarness.credential, AdminHarness.credential,
            "Bearer " + AdminHarness.credential + "x",
        ])
    func unauthenticated(authorization: String?) async throws {
        try await AdminHarness.run { harness in
            for path in [
                "/admin/v1/tenants", "/admin/v1/nothing", "//healthz", "/healthz/x", "/dashboard", "/dashboards/x",
            ] {
                let answer = try await harness.client.raw("GET", path, authorization: authorization)
                #expect(answer.status == 401)
                #expect(answer.text("code") == "unauthenticated")
                #expect(answer.type == "application/problem+json")
            }
        }
    }

    @Test("health and readiness need no credential")
    func health() async throws {
        try await AdminHarness.run { harness in
            for path in ["/healthz", "/readyz"] {
                let answer = try await harness.client.raw("GET", path, authorization: nil)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("each answer has a request id, and a problem repeats it")
    func requestID() async throws {
        try await AdminHarness.run { harness in
            let good = try await harness.client.call("GET", "/tenants")
            let bad = try await harness.client.call("GET", "/tenants/ten_nobody")
            #expect(good.requestID.hasPrefix("req_"))
            #expect(bad.requestID != good.requestID)
            #expect(bad.text("request_id") == bad.requestID)
            #expect(bad.status == 404)
            #expect(bad.text("code") == "not_found")
        }
    }

    @Test("a NUL ends no name: what is behind it is not overlooked, in a path and in a filter")
    func noNUL() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            #expect(try await client.call("GET", "/tenants/\(tenant)").status == 200)
            #expect(try await client.call("GET", "/tenants/\(tenant)%00b").status == 404)
            #expect(try await client.call("GET", "/usage?tenant_id=\(tenant)").status == 200)
            let filtered = try await client.call("GET", "/usage?tenant_id=\(tenant)%00b")
            #expect(filtered.status == 400)
            #expect(filtered.pointers == ["?tenant_id"])
            let costs = "/v1/organization/costs?start_time=0&project_ids%5B%5D=\(tenant)%00b"
            #expect(try await client.raw("GET", costs, authorization: client.bearer).status == 400)
        }
    }

    @Test("an escape in a query that is no UTF-8 is a 400 that names the parameter; a good one counts in names")
    func escapes() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            for odd in ["%ff", "a%dcb"] {
                let answer = try await client.call("GET", "/tenants?after=\(odd)")
                #expect(answer.status == 400, Comment(rawValue: odd))
                #expect(answer.pointers == ["?after"])
                let costs = "/v1/organization/costs?start_time=0&project_ids%5B%5D=\(odd)"
                #expect(try await client.raw("GET", costs, authorization: client.bearer).status == 400)
            }
            #expect(try await client.call("GET", "/tenants?%6Cimit=1").status == 200)
            #expect(try await client.call("GET", "/tenants?limit=1&%6Cimit=1").pointers == ["?limit"])
        }
    }

    @Test("an unknown path is a 404 problem")
    func unknownPath() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("GET", "/nothing")
            #expect(answer.status == 404)
            #expect(answer.text("code") == "not_found")
        }
    }

    @Test("a known path under another method names the methods it takes, once the credential is proven")
    func otherMethod() async throws {
        try await AdminHarness.run { harness in
            for (path, allowed) in [
                ("/admin/v1/tenants/ten_1", "DELETE, GET, HEAD, PATCH"), ("/admin/v1/holds/resolve", "POST"),
                ("/healthz", "GET, HEAD"),
            ] {
                let answer = try await harness.client.raw("PUT", path, "{}", authorization: harness.client.bearer)
                #expect(answer.status == 405)
                #expect(answer.text("code") == "method_not_allowed")
                #expect(answer.type == "application/problem+json")
                #expect(answer.header("allow") == allowed)
                #expect(try await harness.client.raw("PUT", path, "{}", authorization: nil).status == 401)
            }
        }
    }

    @Test("HEAD answers like GET without a body")
    func head() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("HEAD", "/status")
            #expect(answer.status == 200)
            #expect(answer.body == .null)
            #expect(try await harness.client.call("HEAD", "/tenants/ten_nobody").status == 404)
        }
    }

    @Test(
        "bodies that are no JSON object are refused",
        arguments: [
            "", "[]", "1", "{", "{\"name\":\"a\",\"name\":\"b\"}", "\"a\"", "{\"name\":\"\u{1}\"}",
        ])
    func badBody(body: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", "/tenants", body)
            #expect(answer.status == 400)
            #expect(try await harness.client.call("GET", "/tenants").names() == [])
        }
    }

    @Test("a body over 1 MiB is refused")
    func largeBody() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call(
                "POST", "/tenants", "{\"name\":\"" + String(repeating: "a", count: 1 << 20) + "\"}")
            #expect(answer.status == 413)
            #expect(answer.text("code") == "body_too_large")
        }
    }

    @Test("the status tells version, journal and pools")
    func status() async throws {
        try await AdminHarness.run { harness in
            _ = try await harness.client.call("POST", "/pools", #"{"name":"fast"}"#)
            let answer = try await harness.client.call("GET", "/status")
            #expect(answer.status == 200)
            #expect(answer.text("version") == "0.0.0-test")
            let pool: JSONValue = ["name": "fast", "waiting": .number("0"), "backends": .array([])]
            #expect(answer["pools"] == .array([pool]))
        }
    }
}
