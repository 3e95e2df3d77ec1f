import ArgumentParser

/// `delete`: removes one of a resource; tenants are archived and keys revoked.
struct DeleteCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let resource = Kind.resource
        if resource.isRevoked {
            return CommandConfiguration(
                commandName: "revoke", abstract: "Revoke \(resource.one) for ever.", aliases: ["delete"])
        }
        let isKept = resource.ending != "deleted"
        return CommandConfiguration(
            commandName: "delete",
            abstract: "Delete \(resource.one)" + (isKept ? "; it is \(resource.ending), its history kept." : "."))
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
