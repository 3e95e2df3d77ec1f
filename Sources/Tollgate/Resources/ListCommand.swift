import ArgumentParser
import Tenancy

/// `list`: all of a resource.
struct ListCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "List \(Kind.resource.name).")
    }

    @OptionGroup var scope: Kind.Listing
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        var entries = try client.list(try scope.path(of: Kind.resource, client))
        if options.output == .table { entries = try Kind.listed(entries, client, at: SystemClock().now()) }
        options.show(entries, columns: Kind.resource.columns)
    }
}
