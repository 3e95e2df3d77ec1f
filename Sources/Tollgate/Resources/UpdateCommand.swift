import ArgumentParser

/// `update`: changes the given fields of one of a resource.
struct UpdateCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let names = Kind.resource.changeable.map(\.name).joined(separator: ", ")
        return CommandConfiguration(
            commandName: "update", abstract: "Change some fields of \(Kind.resource.one).",
            discussion: "Fields: \(names). --set name=null clears what may be empty.")
    }

    @Argument(help: ArgumentHelp(Kind.resource.reference))
    var reference: String
    @OptionGroup var input: FieldInput
    @OptionGroup var options: ClientOptions

    func run() throws {
        let resource = Kind.resource
        let body = try input.body(fields: resource.changeable, partial: true)
        guard !body.members.isEmpty else { throw CommandFailure(.usage, "nothing to change: use --set or -f") }
        let client = try options.client()
        let path = try client.path(of: reference, in: resource)
        let changed: JSONValue
        if resource.isPutWhole {
            let (whole, tag) = try client.read(path)
            let present = whole.members.filter { name, _ in resource.changeable.contains { $0.name == name } }
            let merged = JSONValue.object(present.merging(body.members) { _, new in new })
            changed = try client.call("PUT", path, merged, ifMatch: tag)
        } else {
            changed = try client.call("PATCH", path, body)
        }
        options.show(changed, columns: resource.columns)
    }
}
