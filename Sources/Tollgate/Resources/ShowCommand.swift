import ArgumentParser
import Tenancy

/// `show`: one of a resource.
struct ShowCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "show", abstract: "Show one \(Kind.resource.singular).")
    }

    @Argument(help: ArgumentHelp(Kind.resource.reference))
    var reference: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let entry = try client.call("GET", try client.path(of: reference, in: Kind.resource))
        options.show(
            try Kind.shown(entry, client, at: SystemClock().now()), columns: Kind.resource.columns)
    }
}
