import Tenancy
import Testing

@testable import Tollgate

/// What another limit would have refused, as people read it.
@Suite struct DryRunBudgetTests {
    private func run() throws -> JSONValue {
        try StateSamples.json(
            """
            {"budget_id":"bud_1","days":30,"limit":"40","window":"month","from":"2026-10-27T00:00:00Z",
            "to":"2026-11-26T00:00:00Z","requests":120,"refused":3,"refused_cost":"0.25",
            "first_refused_at":"2026-11-20T08:00:00Z",
            "windows":[{"window_start":"2026-10-01T00:00:00Z","resets_at":"2026-11-01T00:00:00Z","spent":"9",
            "requests":20,"refused":0,"refused_cost":"0","first_refused_at":null},
            {"window_start":"2026-11-01T00:00:00Z","resets_at":"2026-12-01T00:00:00Z","spent":"40","requests":100,
            "refused":3,"refused_cost":"0.25","first_refused_at":"2026-11-20T08:00:00Z"}],
            "by_key":[{"key_id":"key_7","requests":120,"refused":3,"refused_cost":"0.25",
            "first_refused_at":"2026-11-20T08:00:00Z"}],
            "by_model":[{"model":"m","requests":120,"refused":3,"refused_cost":"0.25",
            "first_refused_at":"2026-11-20T08:00:00Z"}]}
            """)
    }

    @Test func `every window, key and model says what was refused and when first`() throws {
        #expect(
            DryRunBudget.table(try run(), width: nil).text == """
                BY      NAME                  CALLS  REFUSED  REFUSED USD  FIRST REFUSED
                window  2026-10-01T00:00:00Z     20        0         0     -
                window  2026-11-01T00:00:00Z    100        3         0.25  2026-11-20T08:00:00Z
                key     key_7                   120        3         0.25  2026-11-20T08:00:00Z
                model   m                       120        3         0.25  2026-11-20T08:00:00Z
                TOTAL                           120        3         0.25  2026-11-20T08:00:00Z
                """)
        #expect(
            DryRunBudget.summary(try run())
                == "40 USD a month, from 2026-10-27T00:00:00Z to 2026-11-26T00:00:00Z: 3 of 120 calls refused")
    }

    @Test func `the command asks for the limit and the days`() throws {
        let command = try #require(
            try Tollgate.command(for: ["budgets", "dry-run", "bud_1", "--limit", "40", "--days", "7"]) as? DryRunBudget)
        #expect(command.reference == "bud_1" && command.limit == "40" && command.days == 7)
    }

    @Test func `a list of budgets shows the state that came with it, however many there are`() throws {
        let budget = try StateSamples.json(
            #"{"id":"bud_1","tenant_id":"ten_1","limit":"9","state":{"limit":"9","remaining":"7","posted":"2"}}"#)
        let client = AdminClient { _, path, _ in
            #expect(path == "/tenants?include_archived=true&limit=1000")
            let body = #"{"data":[{"id":"ten_1","name":"acme"}],"has_more":false,"next":null}"#
            return AdminAnswer(status: 200, body: Array(body.utf8))
        }
        let listed = try Budgets.listed(Array(repeating: budget, count: 300), client, at: .init(microseconds: 0))
        #expect(listed.count == 300)
        #expect(listed.allSatisfy { $0["remaining"] == .string("7") && $0["tenant"] == .string("acme") })
    }

    @Test func `update tells only of what can be changed`() {
        #expect(Budgets.resource.changeable.map(\.name) == ["limit", "alerts_at"])
    }
}
