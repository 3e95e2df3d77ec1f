import ArgumentParser

/// `tollgate prices`; a published price never changes and is never deleted.
enum Prices: ResourceKind {
    static let resource = Resource(
        name: "prices", singular: "price", naming: .id,
        columns: [
            "model", "per_million", "per_unit", "effective_from", "tier", "above_tokens", "kind", "backend_id", "id",
        ], fields: Field.price)

    static var verbs: [any ParsableCommand.Type] {
        [ListCommand<Prices>.self, ShowPrices.self, CreateCommand<Prices>.self, ImportPrices.self]
    }

    struct Creation: CreateScope {
        @Option(help: "The model's name.")
        var model: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            model.map { ["model": $0] } ?? [:]
        }
    }
}
