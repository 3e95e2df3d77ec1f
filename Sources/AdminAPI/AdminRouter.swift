import Billing
import Hummingbird

/// Which handler answers which path.
enum AdminRouter {
    /// The whole Admin API, credential check and error answers included.
    static func responder(
        plane: ControlPlane,
        credential: AdminCredential,
        ready: @escaping @Sendable () -> Bool
    ) -> RouterResponder<AdminContext> {
        let router = Router(context: AdminContext.self)
        router.add(middleware: ProblemMiddleware(time: plane.time, logger: plane.logger))
        router.add(middleware: CredentialMiddleware(credential: credential))
        router.get("healthz") { _, _ in Response.json(["status": "ok"]) }
        router.get("readyz") { _, _ in
            ready() && plane.ledger.isWritable
                ? Response.json(["status": "ready"])
                : Response.json(["status": "not_ready"], status: .serviceUnavailable)
        }
        let routes = router.group("admin/v1")
        TenantRoutes(plane: plane).add(to: routes)
        EntitlementRoutes(plane: plane).add(to: routes)
        KeyRoutes(plane: plane).add(to: routes)
        QuotaRoutes(plane: plane).add(to: routes)
        BudgetRoutes(plane: plane).add(to: routes)
        HoldRoutes(plane: plane).add(to: routes)
        PoolRoutes(plane: plane).add(to: routes)
        BackendRoutes(plane: plane).add(to: routes)
        ModelRoutes(plane: plane).add(to: routes)
        PriceRoutes(plane: plane).add(to: routes)
        StatusRoutes(plane: plane).add(to: routes)
        return router.buildResponder()
    }
}
