import ArgumentParser

/// `tollgate tenants credit`: writes down what a tenant paid ahead or was given.
struct CreditTenant: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credit", abstract: "Record a credit of a tenant.",
        discussion: "A credit is a record for finance; it changes no budget.")

    @Argument(help: "The tenant's id or name.")
    var reference: String

    @Option(help: "The amount, in USD, such as 100.00.")
    var amount: String

    @Option(help: "prepaid or goodwill.")
    var kind: String = "prepaid"

    @Option(help: "What it is for.")
    var note: String?

    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let path = try client.path(of: reference, in: Tenants.resource) + "/credits"
        var body: [String: JSONValue] = ["amount": .string(amount), "kind": .string(kind)]
        if let note { body["note"] = .string(note) }
        options.show(try client.call("POST", path, .object(body)), columns: Tenants.Credits.columns)
    }
}
