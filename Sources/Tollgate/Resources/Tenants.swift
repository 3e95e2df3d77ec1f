import ArgumentParser

/// `tollgate tenants`.
enum Tenants: ResourceKind {
    static let resource = Resource(
        name: "tenants", singular: "tenant", naming: .id,
        columns: ["id", "name", "suspended", "created_at", "time_zone", "price_multiplier"], fields: Field.tenant)

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Tenants>.self, ShowCommand<Tenants>.self, CreateCommand<Tenants>.self,
            UpdateCommand<Tenants>.self, DeleteCommand<Tenants>.self, ActionCommand<Suspend>.self,
            ActionCommand<Resume>.self,
        ]
    }

    enum Suspend: ResourceAction {
        typealias Kind = Tenants
        static let verb = "suspend"
        static let method = "POST"
        static let abstract = "Refuse the tenant's requests from now on."
    }

    enum Resume: ResourceAction {
        typealias Kind = Tenants
        static let verb = "resume"
        static let method = "POST"
        static let abstract = "Serve a suspended tenant again."
    }
}
