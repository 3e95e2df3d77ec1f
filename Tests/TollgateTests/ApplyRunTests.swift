import Foundation
import Synchronization
import Testing

@testable import Tollgate

@Suite struct ApplyRunTests {
    /// Answers every call and remembers it; the failing one with a conflict.
    private final class Server: Sendable {
        let calls = Mutex<[String]>([])
        let failing: String

        init(failing: String = "") {
            self.failing = failing
        }

        var client: AdminClient {
            AdminClient { [self] method, path, body in
                let text = body.map { " " + String(decoding: $0.bytes, as: UTF8.self) } ?? ""
                calls.withLock { $0.append("\(method) \(path)\(text)") }
                let isRefused = path == failing
                let answer = isRefused ? #"{"detail":"no"}"# : #"{"id":"ten/9"}"#
                return AdminAnswer(status: isRefused ? 409 : 201, body: Array(answer.utf8))
            }
        }
    }

    private func call(
        _ action: ApplyChange.Action, _ label: String, _ method: String, _ path: String, _ body: JSONValue? = nil,
        tenant: String? = "a"
    ) -> ApplyCall {
        let change = ApplyChange(action: action, label: label)
        return ApplyCall(change: change, method: method, path: path, body: body, tenant: tenant)
    }

    private var calls: [ApplyCall] {
        [
            call(.create, "tenant a", "POST", "/tenants", .object([:])),
            call(.change, "quotas of a", "PUT", "/tenants/:tenant/quotas", .object([:])),
            call(.create, "budget of a", "POST", "/budgets", .object(["tenant_id": .string(ApplyCall.tenantID)])),
            call(.remove, "pool b", "DELETE", "/pools/b", tenant: nil),
        ]
    }

    @Test func `a new tenant's id is used by the calls after it`() throws {
        let server = Server()
        #expect(try ApplyRun(client: server.client, tenants: [:]).run(calls) { _ in } == ApplyOutcome(made: 4))
        #expect(
            server.calls.withLock { $0 } == [
                "POST /tenants {}", "PUT /tenants/ten%2F9/quotas {}", #"POST /budgets {"tenant_id":"ten/9"}"#,
                "DELETE /pools/b",
            ])
    }

    @Test func `the id of a tenant that was there already is used too`() throws {
        let server = Server()
        let tenants = ["a": JSONValue.object(["id": .string("ten_1")])]
        let outcome = try ApplyRun(client: server.client, tenants: tenants).run(Array(calls[1...2])) { _ in }
        #expect(outcome == ApplyOutcome(made: 2))
        #expect(
            server.calls.withLock { $0 }
                == ["PUT /tenants/ten_1/quotas {}", #"POST /budgets {"tenant_id":"ten_1"}"#])
    }

    private func plan() -> ApplyPlan {
        var plan = ApplyPlan()
        for call in calls { plan.add(call.change, call.method, call.path, call.body, tenant: call.tenant) }
        return plan
    }

    @Test func `the first failure ends the run and says exactly what was made and what was not tried`() throws {
        let server = Server(failing: "/budgets")
        var done: [String] = []
        let outcome = try ApplyRun(client: server.client, tenants: [:]).run(calls) { done.append($0.change.title) }
        #expect(done == ["+ tenant a", "~ quotas of a"])
        #expect(outcome == ApplyOutcome(made: 2, failure: CommandFailure(.conflict, "no")))
        let failure = ApplyReport.failure(plan(), outcome, place: "state.yaml: line 9")
        #expect(failure?.status == .conflict)
        #expect(
            failure?.description == """
                state.yaml: line 9: + budget of a
                failed: no
                made before it:
                  + tenant a
                  ~ quotas of a
                not tried:
                  - pool b
                mend that and apply the file again: what is made already is left alone
                """)
    }

    @Test func `scripts are told the same`() throws {
        let outcome = ApplyOutcome(made: 1, failure: CommandFailure(.failed, "no"))
        let json = ApplyReport.json(plan(), outcome, isDryRun: false)
        #expect(json["changes"].items.map { $0["resource"].plain } == ["tenant a"])
        #expect(json["failed"]["resource"] == .string("quotas of a"))
        #expect(json["failed"]["error"] == .string("no"))
        #expect(json["not_tried"].items.map { $0["action"].plain } == ["create", "remove"])
        let dry = ApplyReport.json(plan(), ApplyOutcome(made: 0), isDryRun: true)
        #expect(dry["changes"].items.count == 4)
        #expect(dry["failed"] == .null)
    }

    @Test func `a run that failed at once changed nothing`() {
        let outcome = ApplyOutcome(made: 0, failure: CommandFailure(.denied, "no"))
        let failure = ApplyReport.failure(plan(), outcome, place: nil)
        #expect(failure?.description.hasPrefix("+ tenant a\nfailed: no\nnothing was changed\nnot tried:") == true)
    }

    @Test func `what is put whole must be as it was planned from, and carries its tag`() throws {
        let sent = Mutex<[String]>([])
        let client = AdminClient(conditional: { method, path, _, tag in
            sent.withLock { $0.append("\(method) \(path) \(tag ?? "-")") }
            return AdminAnswer(status: 200, body: Array(#"{"rpm":5,"tpm":null}"#.utf8), etag: "\"1\"")
        })
        var put = call(.change, "quotas of a", "PUT", "/tenants/:tenant/quotas", .object([:]))
        put.basis = .object(["rpm": .number(5)])
        let run = ApplyRun(client: client, tenants: ["a": .object(["id": .string("ten_1")])])
        #expect(try run.run([put]) { _ in } == ApplyOutcome(made: 1))
        #expect(
            sent.withLock { $0 } == ["GET /tenants/ten_1/quotas -", #"PUT /tenants/ten_1/quotas "1""#])
        put.basis = .object(["rpm": .number(6)])
        let outcome = try run.run([put]) { _ in }
        #expect(outcome.made == 0 && outcome.failure?.status == .conflict)
        #expect(sent.withLock { $0.count } == 3)
    }
}
