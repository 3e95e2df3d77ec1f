import ArgumentParser

/// `tollgate holds resolve`: says what became of a call that a crash cut off.
struct ResolveHolds: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Charge or release an uncertain hold, or release all old ones.")

    @Argument(help: "The hold's id; none with --older-than.")
    var reference: String?

    @Option(help: "What the call cost, in USD.")
    var charge: String?

    @Flag(help: "The call cost nothing.")
    var release = false

    @Option(help: "Release every uncertain hold older than this, such as 1h.")
    var olderThan: String?

    @Option(help: "With --older-than: only this tenant's, by id or name.")
    var tenant: String?

    @OptionGroup var options: ClientOptions

    func validate() throws {
        guard (reference == nil) != (olderThan == nil) else {
            throw ValidationError("Give either a hold's id or --older-than.")
        }
        guard release != (charge != nil) else { throw ValidationError("Give either --charge or --release.") }
        guard olderThan == nil || charge == nil else { throw ValidationError("--older-than takes only --release.") }
        guard tenant == nil || olderThan != nil else { throw ValidationError("--tenant needs --older-than.") }
    }

    func run() throws {
        let client = try options.client()
        var body: [String: JSONValue] = charge.map { ["charge": .string($0)] } ?? ["release": .bool(true)]
        var path = "/holds/resolve"
        if let reference {
            path = PathText.join("holds", reference, "resolve")
        } else {
            body["older_than"] = .text(olderThan)
            if let tenant { body["tenant_id"] = .string(try client.tenantID(tenant)) }
        }
        options.show(try client.call("POST", path, .object(body)), columns: [])
    }
}
