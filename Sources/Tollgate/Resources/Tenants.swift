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
            ActionCommand<Resume>.self, CreditTenant.self, ListPartCommand<Credits>.self,
        ]
    }

    enum Credits: ResourcePart {
        typealias Kind = Tenants
        static let name = "credits"
        static let abstract = "List what a tenant paid ahead or was given."
        static let columns = ["id", "kind", "amount", "created_at", "created_by", "note"]
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
