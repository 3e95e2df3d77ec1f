import ArgumentParser

/// `tollgate pools`.
enum Pools: ResourceKind {
    static let resource = Resource(
        name: "pools", singular: "pool", naming: .name, columns: ["name", "policy", "affinity", "queue"],
        fields: Field.pool, fixed: ["name"])

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Pools>.self, ShowCommand<Pools>.self, CreateCommand<Pools>.self, UpdateCommand<Pools>.self,
            DeleteCommand<Pools>.self,
        ]
    }
}
