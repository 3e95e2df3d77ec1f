extension RouteTable {
    /// The whole Admin API; `ready` is what `/readyz` says.
    static func admin(
        _ plane: ControlPlane,
        hasBootstrap: Bool,
        ready: @escaping @Sendable () -> Bool = { true }
    ) -> RouteTable {
        let groups: [any RouteGroup] = [
            HealthRoutes(plane: plane, ready: ready),
            TenantRoutes(plane: plane),
            EntitlementRoutes(plane: plane),
            KeyRoutes(plane: plane),
            QuotaRoutes(plane: plane),
            BudgetRoutes(plane: plane),
            RaiseRoutes(plane: plane),
            DryRunRoutes(plane: plane),
            CreditRoutes(plane: plane),
            HoldRoutes(plane: plane),
            PoolRoutes(plane: plane),
            BackendRoutes(plane: plane),
            ModelRoutes(plane: plane),
            PriceRoutes(plane: plane),
            UsageRoutes(plane: plane),
            RequestRoutes(plane: plane),
            AdminKeyRoutes(plane: plane, hasBootstrap: hasBootstrap),
            AuditRoutes(plane: plane),
            WebhookRoutes(plane: plane),
            StatusRoutes(plane: plane),
        ]
        return RouteTable(groups.flatMap(\.routes))
    }
}
