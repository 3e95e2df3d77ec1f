import Proxy

/// One change to make through the Admin API.
struct ApplyCall: Sendable, Equatable {
    /// Stands in paths and bodies for the id of `tenant`, which may not exist yet.
    static let tenantID = ":tenant"

    /// What people see of it.
    let change: ApplyChange
    let method: String
    let path: String
    var body: JSONValue?
    /// The tenant whose id is needed, by name.
    var tenant: String?
    /// What a resource that is put whole was compared with; it must be so still when the call is made.
    var basis: JSONValue?
    /// Where the file asks for it, such as `pools[0]`; empty for a removal.
    var place = ""

    /// The path with the tenant's id in its place.
    func path(ids: [String: String]) throws(CommandFailure) -> String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard segments.contains(Self.tenantID) else { return path }
        let id = PercentCoding.encoded(try tenantID(ids))
        return segments.map { $0 == Self.tenantID ? id : $0 }.joined(separator: "/")
    }

    /// The body with the tenant's id in its place.
    func body(ids: [String: String]) throws(CommandFailure) -> JSONValue? {
        guard case .object(var members) = body, members["tenant_id"] == .string(Self.tenantID) else { return body }
        members["tenant_id"] = .string(try tenantID(ids))
        return .object(members)
    }

    private func tenantID(_ ids: [String: String]) throws(CommandFailure) -> String {
        guard let id = tenant.flatMap({ ids[$0] }) else {
            throw CommandFailure(.failed, "the tenant \(tenant ?? "") has no id")
        }
        return id
    }
}
