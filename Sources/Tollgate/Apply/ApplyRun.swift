/// Makes the changes of a plan, one after the other, and stops at the first that fails.
struct ApplyRun {
    private let client: AdminClient
    /// By name.
    private let tenantIDs: [String: String]

    /// - Parameter tenants: what the server has, by name.
    init(client: AdminClient, tenants: [String: JSONValue]) {
        self.client = client
        tenantIDs = tenants.compactMapValues { $0["id"].string }
    }

    /// Says how far it came; throws only what is no refusal.
    ///
    /// - Parameter done: told of each change right after it was made.
    func run(_ calls: [ApplyCall], done: (ApplyCall) -> Void) throws -> ApplyOutcome {
        var ids = tenantIDs
        for (index, call) in calls.enumerated() {
            do {
                let path = try call.path(ids: ids)
                let tag = try call.basis.flatMap { try unchangedTag(of: path, still: $0) }
                let answer = try client.call(call.method, path, try call.body(ids: ids), ifMatch: tag)
                if call.path == "/tenants", let tenant = call.tenant { ids[tenant] = answer["id"].string }
            } catch let failure as CommandFailure {
                return ApplyOutcome(made: index, failure: failure)
            }
            done(call)
        }
        return ApplyOutcome(made: calls.count)
    }

    /// The tag of a resource that is as it was when the plan was made.
    private func unchangedTag(of path: String, still basis: JSONValue) throws -> String? {
        let (present, tag) = try client.read(path)
        guard basis.members.allSatisfy({ present[$0.key] == $0.value }) else {
            throw CommandFailure(.conflict, "somebody else changed it after the plan was made; nothing was changed now")
        }
        return tag
    }
}
