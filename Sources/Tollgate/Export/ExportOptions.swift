import ArgumentParser

/// Which part of a month is wanted, and how it is written.
struct ExportOptions: ParsableArguments {
    @Option(help: "Only this tenant: its id or name.")
    var tenant: String?

    @Option(help: "Only tenants and keys with this tag: NAME or NAME:VALUE.")
    var tag: String?

    @Flag(help: "Tell keys apart.")
    var byKey = false

    @Option(help: "tenant: what tenants are charged; upstream: what providers charge.")
    var view: String?

    @Option(help: "excel: CSV that Excel opens with its letters right.")
    var profile: String?

    @Option(help: "comma: CSV with decimal commas and semicolons.")
    var decimal: String?

    /// What a query says of the part.
    func filters(_ client: AdminClient) throws -> [(name: String, value: String)] {
        var filters: [(name: String, value: String)] = []
        if let tenant { filters.append(("tenant_id", try client.tenantID(tenant))) }
        if let tag { filters.append(("tag", tag)) }
        if byKey { filters.append(("group_by", "key")) }
        if let view { filters.append(("view", view)) }
        return filters
    }

    /// What a query for a CSV file says of its style.
    var style: [(name: String, value: String)] {
        [("profile", profile), ("decimal", decimal)].compactMap { name, value in value.map { (name: name, value: $0) } }
    }
}
