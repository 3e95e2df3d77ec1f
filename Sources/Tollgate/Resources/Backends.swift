import ArgumentParser

/// `tollgate backends`; one is named by its id or as `pool/name`.
enum Backends: ResourceKind {
    static let resource = Resource(
        name: "backends", singular: "backend", naming: .id,
        columns: [
            "id", "pool", "name", "kind", "draining", "base_url", "max_concurrency", "rpm", "weight", "has_api_key",
        ],
        fields: Field.backend)

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Backends>.self, ShowCommand<Backends>.self, CreateCommand<Backends>.self,
            UpdateCommand<Backends>.self, DeleteCommand<Backends>.self, ActionCommand<Drain>.self,
            ActionCommand<Undrain>.self, ActionCommand<Probe>.self, ActionCommand<Health>.self,
        ]
    }

    enum Drain: ResourceAction {
        typealias Kind = Backends
        static let verb = "drain"
        static let method = "POST"
        static let abstract = "Send no new requests to a backend."
    }

    enum Undrain: ResourceAction {
        typealias Kind = Backends
        static let verb = "undrain"
        static let method = "POST"
        static let abstract = "Use a drained backend again."
    }

    enum Probe: ResourceAction {
        typealias Kind = Backends
        static let verb = "probe"
        static let method = "POST"
        static let abstract = "Ask a backend for its health now."
    }

    enum Health: ResourceAction {
        typealias Kind = Backends
        static let verb = "health"
        static let method = "GET"
        static let abstract = "Show how a backend is: its calls, cooldown and last error."
    }

    struct Listing: ListScope {
        @Option(help: "The pool's name.")
        var pool: String

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            PathText.join("pools", pool, resource.name)
        }
    }

    struct Creation: CreateScope {
        @OptionGroup var scope: Listing

        @Option(help: "The backend's name.")
        var name: String?

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            try scope.path(of: resource, client)
        }

        func settings(_ client: AdminClient) throws -> [String: String] {
            name.map { ["name": $0] } ?? [:]
        }
    }
}
