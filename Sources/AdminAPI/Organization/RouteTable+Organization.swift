extension RouteTable {
    /// What OpenAI's administration clients call.
    static func organization(_ plane: ControlPlane, hasBootstrap: Bool) -> [AdminRoute] {
        let groups: [any RouteGroup] = [
            ProjectRoutes(plane: plane),
            ServiceAccountRoutes(plane: plane),
            ProjectKeyRoutes(plane: plane),
            SpendLimitRoutes(plane: plane),
            SpendAlertRoutes(plane: plane),
            OrganizationAlertRoutes(plane: plane),
            RateLimitRoutes(plane: plane),
            OrganizationKeyRoutes(plane: plane, hasBootstrap: hasBootstrap),
            OrganizationAuditRoutes(plane: plane),
            OrganizationUsageRoutes(plane: plane),
            OrganizationCostRoutes(plane: plane),
        ]
        return groups.flatMap(\.routes)
    }
}
