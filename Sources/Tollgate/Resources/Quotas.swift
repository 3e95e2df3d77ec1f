import ArgumentParser

/// `tollgate quotas`: ceilings on the requests and tokens of a tenant or a key.
struct Quotas: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quotas", abstract: "Work with the quotas of a tenant or a key through the Admin API.",
        subcommands: [Show.self, Update.self, Delete.self])

    private static let columns = Field.quota.map(\.name)

    /// Whose quotas are meant.
    struct Owner: ParsableArguments {
        @Option(help: "The tenant, by id or name.")
        var tenant: String?

        @Option(help: "The key, by id.")
        var key: String?

        func validate() throws {
            guard (tenant == nil) != (key == nil) else { throw ValidationError("Give either --tenant or --key.") }
        }

        func path(_ client: AdminClient) throws -> String {
            if let tenant { return PathText.join("tenants", try client.tenantID(tenant), "quotas") }
            return PathText.join("keys", key ?? "", "quotas")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the quotas.", aliases: ["list"])

        @OptionGroup var owner: Owner
        @OptionGroup var options: ClientOptions

        func run() throws {
            let client = try options.client()
            options.show(try client.call("GET", try owner.path(client)), columns: Quotas.columns)
        }
    }

    struct Update: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change the given quotas; --set rpm=null lifts one.",
            discussion: "Fields: \(Quotas.columns.joined(separator: ", ")).", aliases: ["create", "set"])

        @OptionGroup var owner: Owner
        @OptionGroup var input: FieldInput
        @OptionGroup var options: ClientOptions

        func run() throws {
            let body = try input.body(fields: Field.quota, partial: true)
            guard !body.members.isEmpty else { throw ValidationError("Nothing to change: use --set or -f.") }
            let client = try options.client()
            let path = try owner.path(client)
            let (present, tag) = try client.read(path)
            let whole = JSONValue.object(present.members.merging(body.members) { _, new in new })
            options.show(try client.call("PUT", path, whole, ifMatch: tag), columns: Quotas.columns)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lift all quotas.")

        @OptionGroup var owner: Owner
        @OptionGroup var options: ClientOptions

        func run() throws {
            let client = try options.client()
            try client.call("PUT", try owner.path(client), .object([:]))
        }
    }
}
