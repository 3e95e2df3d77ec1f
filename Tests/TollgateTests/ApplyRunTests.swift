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

    private var calls: [ApplyCall] {
        [
            ApplyCall(line: "+ tenant a", method: "POST", path: "/tenants", body: .object([:]), tenant: "a"),
            ApplyCall(
                line: "~ quotas of a", method: "PUT", path: "/tenants/:tenant/quotas", body: .object([:]), tenant: "a"),
            ApplyCall(
                line: "+ budget of a", method: "POST", path: "/budgets",
                body: .object(["tenant_id": .string(ApplyCall.tenantID)]), tenant: "a"),
            ApplyCall(line: "- pool b", method: "DELETE", path: "/pools/b"),
        ]
    }

    @Test func `a new tenant's id is used by the calls after it`() throws {
        let server = Server()
        try ApplyRun(client: server.client, tenants: [:]).run(calls) { _ in }
        #expect(
            server.calls.withLock { $0 } == [
                "POST /tenants {}", "PUT /tenants/ten%2F9/quotas {}", #"POST /budgets {"tenant_id":"ten/9"}"#,
                "DELETE /pools/b",
            ])
    }

    @Test func `the id of a tenant that was there already is used too`() throws {
        let server = Server()
        let tenants = ["a": JSONValue.object(["id": .string("ten_1")])]
        try ApplyRun(client: server.client, tenants: tenants).run(Array(calls[1...2])) { _ in }
        #expect(
            server.calls.withLock { $0 }
                == ["PUT /tenants/ten_1/quotas {}", #"POST /budgets {"tenant_id":"ten_1"}"#])
    }

    @Test func `the first failure ends the run and says how far it got`() throws {
        let server = Server(failing: "/budgets")
        var done: [String] = []
        let failure = #expect(throws: CommandFailure.self) {
            try ApplyRun(client: server.client, tenants: [:]).run(calls) { done.append($0.line) }
        }
        #expect(done == ["+ tenant a", "~ quotas of a"])
        #expect(failure?.status == .conflict)
        #expect(failure?.description == "+ budget of a\nfailed: no; 2 changes were made before it")
    }
}
