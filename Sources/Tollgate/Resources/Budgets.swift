import ArgumentParser
import Tenancy

/// `tollgate budgets`.
enum Budgets: ResourceKind {
    static let resource = Resource(
        name: "budgets", singular: "budget", naming: .id,
        columns: [
            "id", "tenant", "budget", "remaining", "limit", "resets_at", "posted", "held", "window", "mode", "model",
            "pool", "key_id",
        ], fields: Field.budget, fixed: ["tenant_id", "key_id", "model", "pool", "window", "mode"])

    static func shown(_ entry: JSONValue, _ client: AdminClient, at now: Timestamp) throws -> JSONValue {
        let state = try client.call("GET", PathText.join("budgets", entry["id"].plain, "state"))
        return merged(entry, state)
    }

    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        try client.namingTenants(entries).map { entry in
            let scope = ["model", "pool", "key_id"].filter { entry[$0] != .null }.map { name in
                ", \(name == "key_id" ? "key" : name) \(entry[name].plain)"
            }
            let words = "\(entry["window"].plain) \(entry["mode"].plain)" + scope.joined()
            return .object(merged(entry, entry["state"]).members.merging(["budget": .string(words)]) { own, _ in own })
        }
    }

    /// A budget with its figures: the limit in force, and beside it the one without raises if that is another.
    private static func merged(_ entry: JSONValue, _ state: JSONValue) -> JSONValue {
        var members = entry.members.merging(state.members) { own, _ in own }
        if let inForce = state.members["limit"], inForce != entry["limit"] {
            members["limit"] = inForce
            members["limit_without_raises"] = entry["limit"]
        }
        return .object(members)
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

        @Option(help: "day, week, month or total.", completion: .list(["day", "week", "month", "total"]))
        var window: String?

        @Option(help: "hard, soft or shadow.", completion: .list(["hard", "soft", "shadow"]))
        var mode: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            let id = try tenant.map { try client.tenantID($0) }
            return ["tenant_id": id, "limit": limit, "window": window, "mode": mode].compactMapValues { $0 }
        }
    }
}
