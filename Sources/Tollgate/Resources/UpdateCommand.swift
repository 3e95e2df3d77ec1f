import ArgumentParser

/// `update`: changes the given fields of one of a resource.
struct UpdateCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let names = Kind.resource.fields.map(\.name).joined(separator: ", ")
        return CommandConfiguration(
            commandName: "update", abstract: "Change some fields of a \(Kind.resource.singular).",
            discussion: "Fields: \(names). --set name=null clears what may be empty.")
    }

    @Argument(help: "Its id or name.")
    var reference: String
    @OptionGroup var input: FieldInput
    @OptionGroup var options: ClientOptions

    func run() throws {
        let resource = Kind.resource
        let body = try input.body(fields: resource.fields, partial: true)
        guard !body.members.isEmpty else { throw ValidationError("Nothing to change: use --set or -f.") }
        let client = try options.client()
        let path = try client.path(of: reference, in: resource)
        let changed: JSONValue
        if resource.isPutWhole {
            let present = try client.call("GET", path).members.filter { name, _ in
                resource.fields.contains { $0.name == name }
            }
            changed = try client.call("PUT", path, .object(present.merging(body.members) { _, new in new }))
        } else {
            changed = try client.call("PATCH", path, body)
        }
        options.show(changed, columns: resource.columns)
    }
}
