import ArgumentParser

/// The commands of one resource, `tollgate tenants …`.
struct ResourceCommands<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Kind.resource.name, abstract: "Work with \(Kind.resource.name) through the Admin API.",
            subcommands: Kind.verbs)
    }
}
