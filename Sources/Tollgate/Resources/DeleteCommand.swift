import ArgumentParser

/// `delete`: removes one of a resource; tenants are archived and keys revoked.
struct DeleteCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "delete", abstract: "Delete \(Kind.resource.one); it is then \(Kind.resource.ending).",
            aliases: Kind.resource.isRevoked ? ["revoke"] : [])
    }

    @Argument(help: ArgumentHelp(Kind.resource.reference))
    var reference: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        try client.call("DELETE", try client.path(of: reference, in: Kind.resource))
        StandardError.write("\(Kind.resource.ending) \(Kind.resource.singular) \(reference)")
    }
}
