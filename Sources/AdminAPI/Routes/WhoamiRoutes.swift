import Hummingbird
import Tenancy

/// `/whoami`: who the caller is, and which calls the caller's role may make.
struct WhoamiRoutes: RouteGroup {
    let plane: ControlPlane
    /// The calls there are.
    let table: [AdminRoute]

    var routes: [AdminRoute] {
        [get("whoami", .financeAndViewers, .one("Who the caller is, and what it may do", .whoami), use: show)]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let caller = context.caller
        let key = try plane.file.read { db in try TenancyStore.adminKey(db, ID(caller.actor)) }
        let calls = table.filter { !$0.access.isOpen && $0.access.grant(caller.role) != .none }
        return .json([
            "actor": .string(caller.actor),
            "name": .text(key?.name),
            "role": .string(caller.role.rawValue),
            "expires_at": .text(key?.expiresAt?.rfc3339),
            "calls": .array(
                calls.map { call in
                    ["method": .string(call.method.rawValue), "path": .string(call.path.text)]
                }),
        ])
    }
}
