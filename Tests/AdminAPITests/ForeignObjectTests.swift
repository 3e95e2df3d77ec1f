import Billing
import HTTPTypes
import Tenancy
import Testing

@testable import AdminAPI

/// Every route that names an object, called with one that is of another kind or belongs to another parent.
@Suite struct ForeignObjectTests {
    /// The objects of one tenant, by the names that paths have for them.
    private struct Family {
        var values: [String: String]

        init(_ harness: AdminHarness, _ name: String) async throws {
            let client = harness.client
            let tenant = try await client.call("POST", "/tenants", #"{"name":"\#(name)"}"#).text("id")
            let key = try await client.call("POST", "/tenants/\(tenant)/keys", #"{"name":"k"}"#).text("id")
            _ = try await client.call("POST", "/pools", #"{"name":"\#(name)"}"#)
            let address = #""kind":"openai","base_url":"http://127.0.0.1:9/v1""#
            let backend = try await client.call(
                "POST", "/pools/\(name)/backends", #"{"name":"\#(name)",\#(address)}"#
            ).text("id")
            let model = #"{"targets":[{"pool":"\#(name)"}],"max_output_tokens":9}"#
            _ = try await client.call("PUT", "/models/\(name)", model)
            let budget = try await client.call(
                "POST", "/budgets", #"{"tenant_id":"\#(tenant)","limit":"1","window":"day"}"#
            ).text("id")
            let until = harness.plane.time.now().adding(milliseconds: 9_000_000).rfc3339
            let raise = try await client.call(
                "POST", "/budgets/\(budget)/raises", #"{"limit":"2","until":"\#(until)"}"#
            ).text("id")
            let webhook = try await client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#).text("id")
            let admin = try await client.call("POST", "/admin-keys", #"{"name":"v","role":"viewer"}"#).text("id")
            let alert = try await client.raw(
                "POST", "/v1/organization/projects/\(tenant)/spend_alerts", ForeignObjectTests.alert,
                authorization: client.bearer
            ).text("id")
            let overAll = try await client.raw(
                "POST", "/v1/organization/spend_alerts", ForeignObjectTests.alert, authorization: client.bearer
            ).text("id")
            _ = try await client.raw(
                "POST", "/v1/organization/projects/\(tenant)/spend_limit",
                #"{"currency":"USD","interval":"month","threshold_amount":5}"#, authorization: client.bearer)
            values = [
                "tenant": tenant, "project": tenant, "key": key, "account": key, "pool": name, "backend": backend,
                "model": name, "budget": budget, "raise": raise, "webhook": webhook, "admin_key": admin,
                "alert": alert, "organization_alert": overAll, "rate_limit": "rl-all-models",
                "period": harness.lastMonth.text,
            ]
        }
    }

    private static let alert = #"""
        {"currency":"USD","interval":"month","threshold_amount":5,
        "notification_channel":{"type":"email","recipients":["a@example.org"]}}
        """#

    /// A body that each call takes, so that nothing but the object is wrong.
    private static let bodies: [String: String] = [
        "PATCH /tenants/{tenant}": #"{"trim_floor":9}"#, "PUT /tenants/{tenant}/entitlements": #"{"pools":[]}"#,
        "POST /tenants/{tenant}/keys": #"{"name":"x"}"#, "PUT /tenants/{tenant}/quotas": #"{"rpm":5}"#,
        "POST /tenants/{tenant}/credits": #"{"amount":"1","kind":"goodwill"}"#,
        "PATCH /keys/{key}": #"{"name":"x"}"#, "POST /keys/{key}/rotate": #"{"grace_seconds":9}"#,
        "PUT /keys/{key}/quotas": #"{"rpm":5}"#, "PATCH /budgets/{budget}": #"{"limit":"3"}"#,
        "POST /budgets/{budget}/raises": #"{"limit":"9","until":"{soon}"}"#,
        "POST /budgets/{budget}/dry-run": #"{"limit":"9","days":1}"#,
        "POST /holds/{hold}/resolve": #"{"release":true}"#, "PATCH /pools/{pool}": #"{"policy":"weighted"}"#,
        "POST /pools/{pool}/backends": #"{"name":"c","kind":"openai","base_url":"http://127.0.0.1:9/v1"}"#,
        "PATCH /backends/{backend}": #"{"weight":5}"#,
        "POST /periods/{period}/corrections": #"{"tenant_id":"ten_1","amount":"-1.5","reason":"a mistake"}"#,
        "POST /projects/{project}": #"{"name":"x"}"#, "POST /projects/{project}/service_accounts": #"{"name":"x"}"#,
        "POST /projects/{project}/spend_limit": #"{"currency":"USD","interval":"month","threshold_amount":5}"#,
        "POST /projects/{project}/spend_alerts": alert,
        "POST /projects/{project}/rate_limits/{rate_limit}": #"{"max_requests_per_1_minute":5}"#,
        "POST /projects/{project}/spend_alerts/{alert}": alert,
        "POST /spend_alerts/{organization_alert}": alert,
    ]

    /// The ways in which a path can name what its caller does not mean.
    private func wrongs(_ route: AdminRoute, _ own: [String: String], _ other: [String: String]) -> [[String: String]] {
        let names = route.path.names
        // An id of another kind in each place, and where one object stands below another, each from another family.
        let strangers = names.map { name in [name: own[name == "key" || name == "account" ? "budget" : "key"] ?? ""] }
        // Every project has a rate limit of that id.
        let foreign =
            names.count > 1 && !names.contains("rate_limit") ? names.map { name in [name: other[name] ?? ""] } : []
        return (strangers + foreign).filter { swap in swap.allSatisfy { own[$0.key] != $0.value } }
            .map { own.merging($0) { _, wrong in wrong } }
    }

    private func path(_ route: AdminRoute, _ values: [String: String]) -> String {
        route.path.names.reduce(route.path.template) { text, name in
            text.replacing("{\(name)}", with: values[name] ?? "none")
        }
    }

    @Test("an object of another parent or another kind is not there, whatever is done to it, and nothing changes")
    func everyRoute() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let own = try await Family(harness, "own").values
            let other = try await Family(harness, "other").values
            let routes = RouteTable.admin(harness.plane, hasBootstrap: true).routes.filter {
                !$0.access.isOpen && !$0.path.names.isEmpty
            }
            let rows = try harness.plane.file.auditEntries().count
            let soon = harness.plane.time.now().adding(milliseconds: 9_000_000).rfc3339
            var calls = 0
            for route in routes {
                let root = ["/admin/v1", "/v1/organization"].first { route.path.text.hasPrefix($0) } ?? ""
                let pattern = "\(route.method.rawValue) " + route.path.template.dropFirst(root.count)
                // What PUT names is made.
                if route.method == .put, route.shape?.statuses.contains(201) == true { continue }
                let body = Self.bodies[pattern]?.replacing("{soon}", with: soon)
                for values in wrongs(route, own, other) {
                    let answer = try await client.raw(
                        route.method.rawValue, path(route, values), body, authorization: client.bearer)
                    #expect(answer.status == 404, "\(pattern) \(path(route, values)): \(answer.body.text)")
                    calls += 1
                }
            }
            #expect(calls > routes.count)
            #expect(try harness.plane.file.auditEntries().count == rows)
            for route in routes where route.method == .get {
                // With its own objects each is there, so it was the object that was missed.
                if route.path.names.contains(where: { own[$0] == nil }) { continue }
                let answer = try await client.raw("GET", path(route, own), authorization: client.bearer)
                #expect(answer.status != 404, Comment(rawValue: route.path.text))
            }
        }
    }
}
