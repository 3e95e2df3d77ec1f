import ArgumentParser

/// `tollgate entitlements`: the pools and models a tenant may use.
struct Entitlements: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entitlements", abstract: "Work with a tenant's entitlements through the Admin API.",
        subcommands: [Show.self, Set.self])

    private static let columns = ["pool", "models"]

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a tenant may use.", aliases: ["list"])

        @OptionGroup var scope: TenantScope
        @OptionGroup var options: ClientOptions

        func run() throws {
            let client = try options.client()
            let path = PathText.join("tenants", try client.tenantID(scope.tenant), "entitlements")
            options.show(try client.call("GET", path)["pools"].items, columns: Entitlements.columns)
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace all a tenant may use.", aliases: ["create", "update"])

        @OptionGroup var scope: TenantScope

        @Option(help: "A pool, and after = its models separated by commas; without, every model. May be repeated.")
        var pool: [String] = []

        @OptionGroup var options: ClientOptions

        func run() throws {
            let entitlements = pool.map { text in
                let parts = text.split(separator: "=", maxSplits: 1)
                let models = parts.count == 2 ? parts[1].split(separator: ",") : ["*"]
                return JSONValue.object([
                    "pool": .string(parts.first.map(String.init) ?? ""),
                    "models": .array(models.map { .string(String($0)) }),
                ])
            }
            let client = try options.client()
            let path = PathText.join("tenants", try client.tenantID(scope.tenant), "entitlements")
            let stored = try client.call("PUT", path, .object(["pools": .array(entitlements)]))
            options.show(stored["pools"].items, columns: Entitlements.columns)
        }
    }
}
