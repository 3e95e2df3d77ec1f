import Billing
import HTTPTypes
import Hummingbird

/// `/healthz` and `/readyz`, for whoever watches the process.
struct HealthRoutes: RouteGroup {
    let plane: ControlPlane
    let ready: @Sendable () -> Bool

    var routes: [AdminRoute] {
        [
            AdminRoute(
                method: .get, path: RoutePath("/healthz"), access: .anyone,
                shape: .one("Whether the process answers", .health), handler: health),
            AdminRoute(
                method: .get, path: RoutePath("/readyz"), access: .anyone,
                shape: .one("Whether it may be given calls", .health, statuses: [200, 503]), handler: readiness),
        ]
    }

    private func health(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(["status": "ok"])
    }

    private func readiness(_ request: Request, _ context: AdminContext) async throws -> Response {
        ready() && plane.ledger.isWritable
            ? .json(["status": "ready"]) : .json(["status": "not_ready"], status: .serviceUnavailable)
    }
}
