import Billing
import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

/// The routes below `/v1/organization`, as OpenAI's clients call them.
@Suite struct OrganizationTests {
    private func call(
        _ harness: AdminHarness,
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> AdminClient.Answer {
        try await harness.client.raw(
            method, "/v1/organization" + path, body, headers: headers, authorization: harness.client.bearer)
    }

    private func limit(_ cents: Int) -> String {
        #"{"currency":"USD","interval":"month","threshold_amount":\#(cents)}"#
    }

    private func alert(_ cents: Int, to recipient: String = "a@example.org") -> String {
        let channel = #"{"type":"email","recipients":["\#(recipient)"]}"#
        return #"{"currency":"USD","interval":"month","threshold_amount":\#(cents),"notification_channel":\#(channel)}"#
    }

    private func project(_ harness: AdminHarness, _ name: String = "a") async throws -> String {
        try await call(harness, "POST", "/projects", #"{"name":"\#(name)"}"#).text("id")
    }

    @Test("refusals are in OpenAI's shape, and those that stay are said not to be tried again")
    func errors() async throws {
        try await AdminHarness.run { harness in
            let bad = try await call(harness, "POST", "/projects", #"{"name":"","nonsense":1}"#)
            #expect((bad.status, bad.type) == (400, "application/json"))
            #expect([bad.error("type"), bad.error("param")] == ["invalid_request_error", "name"])
            #expect(try await call(harness, "GET", "/projects/ten_no").error("code") == "not_found")
            #expect(try await call(harness, "GET", "/nowhere").error("code") == "not_found")
            #expect(try await call(harness, "PATCH", "/projects").status == 405)
            let query = try await call(harness, "GET", "/projects?limit=0&colour=red")
            #expect((query.status, query.error("param")) == (400, "limit"))
            _ = try await project(harness)
            let twin = try await call(harness, "POST", "/projects", #"{"name":"a"}"#)
            #expect((twin.status, twin.error("code"), twin.header("x-should-retry")) == (409, "name_taken", "false"))
            let unsupported = try await call(harness, "POST", "/projects", #"{"name":"b","geography":"EU"}"#)
            #expect((unsupported.status, unsupported.error("code")) == (400, "unsupported_parameter"))
            #expect(try await call(harness, "POST", "/projects", #"{"name":"b","geography":null}"#).status == 200)
        }
    }

    @Test("no call takes a parameter it does not know")
    func parameters() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            for route in RouteTable.organization(harness.plane, hasBootstrap: true) {
                let path = route.path.template.replacing("{project}", with: tenant)
                let answer = try await harness.client.raw(
                    route.method.rawValue, path + "?no_such=1", authorization: harness.client.bearer)
                let call = Comment(rawValue: "\(route.method.rawValue) \(path)")
                // Usage and costs miss their start first.
                let isTold = answer.error("param") == "no_such" || answer.error("param") == "start_time"
                #expect(answer.status == 400 && isTold, call)
            }
        }
    }

    @Test("a spend limit enforces by the limit in force, that of a raise included")
    func raisedLimit() async throws {
        try await AdminHarness.run { harness in
            let path = "/projects/\(try await project(harness))/spend_limit"
            let made = try await call(harness, "POST", path, limit(0))
            #expect(made["enforcement"] == ["status": "enforcing"])
            let budget = try #require(try harness.plane.file.read { db in try BillingStore.budgets(db) }.first)
            let until = harness.plane.time.now().adding(milliseconds: 3_600_000).rfc3339
            let raise = #"{"limit":"5","until":"\#(until)"}"#
            #expect(try await harness.client.call("POST", "/budgets/\(budget.id)/raises", raise).status == 201)
            #expect(try await call(harness, "GET", path)["enforcement"] == ["status": "inactive"])
        }
    }

    @Test("a spend limit is the hard monthly budget, whoever sets it")
    func limits() async throws {
        try await AdminHarness.run { harness in
            let path = "/projects/\(try await project(harness))/spend_limit"
            #expect(try await call(harness, "GET", path).status == 404)
            let made = try await call(harness, "POST", path, limit(1050))
            #expect(
                made.body
                    == .object([
                        JSONMember("object", "project.spend_limit"), JSONMember("currency", "USD"),
                        JSONMember("interval", "month"), JSONMember("threshold_amount", .number("1050")),
                        JSONMember("enforcement", ["status": "inactive"]),
                    ]))
            let budget = try #require(try harness.plane.file.read { db in try BillingStore.budgets(db) }.first)
            #expect((budget.limit.decimal, budget.mode, budget.window) == ("10.5", .hard, .month))
            _ = try await harness.client.call("PATCH", "/budgets/\(budget.id)", #"{"limit":"20.009"}"#)
            #expect(try await call(harness, "GET", path)["threshold_amount"] == .number("2000"))
            let zero = try await call(harness, "POST", path, limit(0))
            #expect(zero["enforcement"] == ["status": "enforcing"])
            #expect(try harness.plane.file.read { db in try BillingStore.budgets(db) }.map(\.id) == [budget.id])
            for body in [limit(-1), #"{"currency":"EUR","interval":"month","threshold_amount":1}"#, "{}"] {
                #expect(try await call(harness, "POST", path, body).status == 400)
            }
            #expect(
                try await call(harness, "DELETE", path).body == [
                    "object": "project.spend_limit.deleted", "deleted": true,
                ])
            #expect(harness.plane.ledger.state(budget.id) == nil)
            #expect(try await call(harness, "POST", "/spend_limit", limit(1)).error("code") == "unsupported_parameter")
        }
    }

    @Test("alerts have one soft budget of their own, which follows them and goes with the last")
    func alerts() async throws {
        try await AdminHarness.run { harness in
            let path = "/projects/\(try await project(harness))/spend_alerts"
            let first = try await call(harness, "POST", path, alert(500)).text("id")
            let second = try await call(harness, "POST", path, alert(2000)).text("id")
            func budgets() throws -> [Budget] { try harness.plane.file.read { db in try BillingStore.budgets(db) } }
            let budget = try #require(try budgets().first)
            #expect((budget.mode, budget.limit.decimal) == (.soft, "20"))
            #expect(budget.alertAmounts.map(\.decimal) == ["5", "20"])
            #expect(harness.plane.ledger.state(budget.id)?.budget == budget)
            let changed = try await call(harness, "POST", path + "/" + second, alert(300, to: "b@example.org"))
            #expect(changed["threshold_amount"] == .number("300"))
            #expect(try budgets().map { $0.alertAmounts.map(\.decimal) } == [["3", "5"]])
            #expect(try await call(harness, "GET", path + "?order=desc&limit=1").names("id") == [second])
            #expect(try await call(harness, "GET", path + "?limit=1&after=\(first)").names("id") == [second])
            #expect(try await call(harness, "GET", path + "?before=\(second)").names("id") == [first])
            #expect(try await call(harness, "DELETE", path + "/" + first).status == 200)
            #expect(try budgets().map { $0.alertAmounts.map(\.decimal) } == [["3"]])
            #expect(try await call(harness, "DELETE", path + "/" + second).status == 200)
            #expect(try budgets().isEmpty)
            #expect(try await call(harness, "GET", path).names("id").isEmpty)
        }
    }

    @Test("what alerts do to their budget is in the log, and a budget that somebody else changed is no longer theirs")
    func alertsAndTheirBudget() async throws {
        try await AdminHarness.run { harness in
            let path = "/projects/\(try await project(harness))/spend_alerts"
            func budgets() throws -> [Budget] { try harness.plane.file.read { db in try BillingStore.budgets(db) } }
            func log() throws -> [String] { try harness.plane.file.auditEntries().dropFirst().map(\.action) }
            let first = try await call(harness, "POST", path, alert(500)).text("id")
            #expect(try log() == ["budget.create", "spend_alert.create"])
            _ = try await call(harness, "POST", path + "/" + first, alert(700))
            #expect(try log().suffix(2) == ["budget.update", "spend_alert.update"])
            let update = try #require(try harness.plane.file.auditEntries().first { $0.action == "budget.update" })
            #expect(update.before?.contains(#""limit":"5""#) == true)
            #expect(update.after?.contains(#""limit":"7""#) == true)
            let budget = try #require(try budgets().first).id
            _ = try await harness.client.call("PATCH", "/budgets/\(budget)", #"{"limit":"100"}"#)
            let second = try await call(harness, "POST", path, alert(900)).text("id")
            #expect(try budgets().map(\.limit.decimal) == ["100"])
            for id in [first, second] { #expect(try await call(harness, "DELETE", path + "/" + id).status == 200) }
            #expect(try budgets().map(\.id) == [budget])
            #expect(try budgets().map(\.limit.decimal) == ["100"])
            let third = try await call(harness, "POST", path, alert(900)).text("id")
            #expect(try await call(harness, "DELETE", path + "/" + third).status == 200)
            #expect(try budgets().map(\.id) == [budget])
        }
    }

    @Test("alerts on a soft budget that was there leave its limit alone, and it stays without them")
    func alertsOnABudget() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            let body = #"{"tenant_id":"\#(tenant)","limit":"7","window":"month","mode":"soft","alerts_at":[0.5]}"#
            let budget = try await harness.client.call("POST", "/budgets", body).text("id")
            let path = "/projects/\(tenant)/spend_alerts"
            let made = try await call(harness, "POST", path, alert(500)).text("id")
            let shown = try await harness.client.call("GET", "/budgets/\(budget)")
            #expect(shown.text("limit") == "7")
            #expect(shown["alerts_at"] == .array([.number("0.5")]))
            #expect(shown["alert_amounts"] == .array(["5"]))
            #expect(try await call(harness, "DELETE", path + "/" + made).status == 200)
            #expect(try await harness.client.call("GET", "/budgets/\(budget)")["alert_amounts"] == .array([]))
        }
    }

    @Test("every POST is made once under an idempotency key, and a secret is not shown again")
    func idempotency() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            let key = try await call(harness, "POST", "/projects/\(tenant)/service_accounts", #"{"name":"k"}"#).text(
                "id")
            let made = try await call(harness, "POST", "/projects/\(tenant)/spend_alerts", alert(500)).text("id")
            let overAll = try await call(harness, "POST", "/spend_alerts", alert(500)).text("id")
            let bodies: [(String, String)] = [
                ("/projects", #"{"name":"b"}"#), ("/projects/{project}", #"{"name":"c"}"#),
                ("/projects/{project}/service_accounts", #"{"name":"d"}"#),
                ("/projects/{project}/service_accounts/{account}", #"{"name":"e"}"#),
                ("/projects/{project}/api_keys/{key}", #"{"expires_in_seconds":60}"#),
                ("/projects/{project}/spend_limit", limit(100)), ("/projects/{project}/spend_alerts", alert(9)),
                ("/projects/{project}/spend_alerts/{alert}", alert(8)), ("/spend_alerts", alert(9)),
                ("/spend_alerts/{organization_alert}", alert(8)),
                ("/projects/{project}/rate_limits/{rate_limit}", #"{"max_requests_per_1_minute":60}"#),
                ("/admin_api_keys", #"{"name":"v","role":"viewer"}"#), ("/projects/{project}/archive", "{}"),
            ]
            let posts = RouteTable.organization(harness.plane, hasBootstrap: true).filter { $0.method == .post }
            // A limit over all projects is never set.
            let tested = Set(bodies.map { "/v1/organization" + $0.0 } + ["/v1/organization/spend_limit"])
            #expect(Set(posts.map(\.path.text)) == tested)
            for (pattern, body) in bodies {
                let path = pattern.replacing("{project}", with: tenant).replacing("{account}", with: key)
                    .replacing("{key}", with: key).replacing("{alert}", with: made)
                    .replacing("{rate_limit}", with: "rl-all-models").replacing("{organization_alert}", with: overAll)
                let first = try await call(harness, "POST", path, body, headers: ["idempotency-key": pattern])
                let second = try await call(harness, "POST", path, body, headers: ["idempotency-key": pattern])
                #expect((first.status, second.status) == (200, 200), Comment(rawValue: pattern))
                #expect(second.header("idempotency-replayed") == "true", Comment(rawValue: pattern))
                for secret in ["api_key", "value"] where first[secret] != .null { #expect(second[secret] == .null) }
            }
        }
    }

    @Test("every DELETE takes the tag that reading told, and refuses another")
    func tags() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            let accounts = "/projects/\(tenant)/service_accounts"
            let account = try await call(harness, "POST", accounts, #"{"name":"k"}"#).text("id")
            let key = try await call(harness, "POST", accounts, #"{"name":"l"}"#).text("id")
            let alert = try await call(harness, "POST", "/projects/\(tenant)/spend_alerts", alert(500)).text("id")
            _ = try await call(harness, "POST", "/projects/\(tenant)/spend_limit", limit(100))
            let overAll = try await call(harness, "POST", "/spend_alerts", self.alert(500)).text("id")
            let admin = try await call(harness, "POST", "/admin_api_keys", #"{"name":"v","role":"viewer"}"#).text("id")
            let paths = [
                "/projects/{project}/service_accounts/{account}": account, "/projects/{project}/api_keys/{key}": key,
                "/projects/{project}/spend_limit": "", "/projects/{project}/spend_alerts/{alert}": alert,
                "/spend_alerts/{organization_alert}": overAll,
                "/admin_api_keys/{admin_key}": admin,
            ]
            let deletes = RouteTable.organization(harness.plane, hasBootstrap: true).filter { $0.method == .delete }
            #expect(
                Set(deletes.map(\.path.text))
                    == Set(paths.keys.map { "/v1/organization" + $0 } + ["/v1/organization/spend_limit"]))
            for (pattern, id) in paths {
                var path = pattern.replacing("{project}", with: tenant)
                for name in ["{account}", "{key}", "{alert}", "{admin_key}", "{organization_alert}"] {
                    path = path.replacing(name, with: id)
                }
                let tag = try await call(harness, "GET", path).header("etag")
                #expect(!tag.isEmpty)
                let refused = try await call(harness, "DELETE", path, headers: ["if-match": "\"0\""])
                #expect((refused.status, refused.error("code")) == (412, "precondition_failed"))
                #expect(try await call(harness, "DELETE", path, headers: ["if-match": tag]).status == 200)
                #expect(try await call(harness, "GET", path).status == 404)
            }
        }
    }

    @Test("the audit log tells every change under OpenAI's names, and answers for its filters")
    func audit() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            _ = try await call(harness, "POST", "/projects/\(tenant)/service_accounts", #"{"name":"k"}"#)
            _ = try await call(harness, "POST", "/projects/\(tenant)/spend_limit", limit(100))
            _ = try await harness.client.call("POST", "/pools", #"{"name":"p"}"#)
            _ = try await call(harness, "POST", "/projects/\(tenant)/archive")
            let types = ["project.archived", "organization.updated", "organization.updated", "api_key.created"]
            let all = try await call(harness, "GET", "/audit_logs")
            #expect(all.names("type") == types + ["project.created"])
            for (query, expected) in [
                (
                    "event_types[]=project.created&event_types[]=api_key.created",
                    ["api_key.created", "project.created"]
                ),
                ("event_types[]=organization.updated", ["organization.updated", "organization.updated"]),
                ("event_types[]=login.failed", []),
                ("resource_ids[]=\(tenant)", ["project.archived", "project.created"]),
                (
                    "project_ids[]=\(tenant)",
                    ["project.archived", "organization.updated", "api_key.created", "project.created"]
                ), ("actor_ids[]=adm_no", []), ("actor_emails[]=a@example.org", []),
                ("effective_at[gt]=4000000000", []),
                ("limit=1", ["project.archived"]),
            ] {
                let answer = try await call(harness, "GET", "/audit_logs?" + query)
                #expect(answer.names("type") == expected, Comment(rawValue: query))
            }
            let ids = all.names("id")
            #expect(
                try await call(harness, "GET", "/audit_logs?limit=2&after=\(ids[1])").names("id") == [ids[2], ids[3]])
            #expect(
                try await call(harness, "GET", "/audit_logs?limit=2&before=\(ids[3])").names("id") == [ids[1], ids[2]])
            #expect(try await call(harness, "GET", "/audit_logs?after=aud_no").status == 400)
        }
    }

    @Test("what is done to a project's key, or to its budget for a while, is told as the project's")
    func auditOfParts() async throws {
        try await AdminHarness.run { harness in
            let tenant = try await project(harness)
            let accounts = "/projects/\(tenant)/service_accounts"
            let key = try await call(harness, "POST", accounts, #"{"name":"k"}"#).text("id")
            let budget = try await harness.client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let before = try await call(harness, "GET", "/audit_logs").names("id")
            _ = try await harness.client.call("PUT", "/keys/\(key)/quotas", #"{"rpm":5}"#)
            let until = harness.plane.time.now().adding(milliseconds: 3_600_000).rfc3339
            let raises = "/budgets/\(budget)/raises"
            let raise = try await harness.client.call("POST", raises, #"{"limit":"2","until":"\#(until)"}"#).text("id")
            #expect(try await harness.client.call("DELETE", raises + "/" + raise).status == 204)
            let all = try await call(harness, "GET", "/audit_logs?project_ids[]=\(tenant)")
            #expect(all.names("id").count == before.count + 3)
            let events = all["data"].items.prefix(3)
            #expect(
                events.map { $0["tollgate"]["action"].string } == ["budget.raise.end", "budget.raise", "quota.put"])
            for event in events { #expect(event["project"] == ["id": .string(tenant)]) }
        }
    }

    @Test("every action that is told as an event is one that is written")
    func actions() {
        let known = Set(AuditRecord.eventActions.values.flatMap { $0 })
        #expect(known.count == AuditRecord.eventActions.values.reduce(0) { $0 + $1.count })
    }
}
