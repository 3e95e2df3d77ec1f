import ArgumentParser
import Tenancy

/// `tollgate budgets`.
enum Budgets: ResourceKind {
    static let resource = Resource(
        name: "budgets", singular: "budget", naming: .id,
        columns: [
            "id", "tenant", "remaining", "limit", "resets_at", "window", "posted", "held", "mode", "model", "pool",
            "key_id",
        ], fields: Field.budget, fixed: ["tenant_id", "key_id", "model", "pool", "window", "mode"])

    static func shown(_ entry: JSONValue, _ client: AdminClient, at now: Timestamp) throws -> JSONValue {
        let state = try client.call("GET", PathText.join("budgets", entry["id"].plain, "state"))
        return .object(entry.members.merging(state.members) { own, _ in own })
    }

    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        try client.namingTenants(entries).map { entry in
            .object(entry.members.merging(entry["state"].members) { own, _ in own })
        }
    }

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Budgets>.self, ShowCommand<Budgets>.self, CreateCommand<Budgets>.self,
            UpdateCommand<Budgets>.self, DeleteCommand<Budgets>.self, ActionCommand<State>.self, RaiseBudget.self,
            ListPartCommand<Raises>.self, EndRaise.self, DryRunBudget.self,
        ]
    }

    enum Raises: ResourcePart {
        typealias Kind = Budgets
        static let name = "raises"
        static let abstract = "List the raises of a budget, those that ended too."
        static let columns = ["id", "running", "limit", "until", "ended_at", "created_at"]
    }

    enum State: ResourceAction {
        typealias Kind = Budgets
        static let verb = "state"
        static let method = "GET"
        static let abstract = "Show what of a budget is posted, held and left."
    }

    struct Listing: ListScope {
        @Option(help: "Only this tenant's, by id or name.")
        var tenant: String?

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            PathText.join(
                resource.name, query: ["expand": "state", "tenant_id": try tenant.map { try client.tenantID($0) }])
        }
    }

    struct Creation: CreateScope {
        @Option(help: "The tenant, by id or name.")
        var tenant: String?

        @Option(help: "The most it may cost, in USD, such as 10.00.")
        var limit: String?

        @Option(help: "day, week, month or total.")
        var window: String?

        @Option(help: "hard, soft or shadow.")
        var mode: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            let id = try tenant.map { try client.tenantID($0) }
            return ["tenant_id": id, "limit": limit, "window": window, "mode": mode].compactMapValues { $0 }
        }
    }
}
