import ArgumentParser

/// `tollgate models`.
enum Models: ResourceKind {
    static let resource = Resource(
        name: "models", singular: "model", naming: .rest,
        columns: ["name", "targets", "max_output_tokens", "context_window"], fields: Field.model,
        fixed: ["name"])

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Models>.self, ShowCommand<Models>.self, CreateCommand<Models>.self,
            UpdateCommand<Models>.self, DeleteCommand<Models>.self,
        ]
    }
}
