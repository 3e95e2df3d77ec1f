extension RouteTable {
    /// The whole Admin API and the dashboard; `ready` is what `/readyz` says.
    static func admin(
        _ plane: ControlPlane,
        hasBootstrap: Bool,
        dashboard: DashboardFiles = DashboardFiles(),
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
            PriceImportRoutes(plane: plane),
            PeriodRoutes(plane: plane),
            CorrectionRoutes(plane: plane),
            ReconciliationRoutes(plane: plane),
            UsageRoutes(plane: plane),
            RequestRoutes(plane: plane),
            ExportRoutes(plane: plane),
            AdminKeyRoutes(plane: plane, hasBootstrap: hasBootstrap),
            AuditRoutes(plane: plane),
            WebhookRoutes(plane: plane),
            MasterKeyRoutes(plane: plane),
            StatusRoutes(plane: plane),
        ]
        let listed = groups.flatMap(\.routes) + organization(plane, hasBootstrap: hasBootstrap)
        let routes = listed + WhoamiRoutes(plane: plane, table: listed).routes
        let itself = OpenAPIRoutes(document: .null).routes
        let document = OpenAPIDocument.of(routes + itself, version: plane.version)
        return RouteTable(
            routes + OpenAPIRoutes(document: document).routes + DashboardRoutes(files: dashboard).routes)
    }
}
