import ArgumentParser

/// Which usage is asked for, and how it is told apart.
struct UsageScope: ParsableArguments {
    enum Bucket: String, CaseIterable, Sendable, ExpressibleByArgument {
        case hour
        case day
        case month
    }

    @Option(help: "From when: an RFC 3339 time or a date; otherwise the start of the month.")
    var start: String?

    @Option(help: "Up to when: an RFC 3339 time or a date, itself excluded; otherwise now.")
    var end: String?

    @Option(help: "How long the spans are: hour, day or month.")
    var bucket: Bucket = .day

    @Option(help: "Told apart by: tenant, key, model, pool, backend, meter, tag:NAME, separated by commas.")
    var groupBy: String?

    @Option(help: "Only this tenant's, by id or name.")
    var tenant: String?

    @Option(help: "Only this key's, by id.")
    var key: String?

    @Option(help: "Only this model's.")
    var model: String?

    @Option(help: "Only this pool's.")
    var pool: String?

    @Option(help: "Only this backend's, by id or as pool/name.")
    var backend: String?

    @Option(help: "The IANA zone of days and months; otherwise that of --tenant, otherwise UTC.")
    var timeZone: String?

    /// Asks and prints `usage` or `costs`; `showsMeters` is for usage rather than for money.
    func show(_ resource: String, showsMeters: Bool, _ options: ClientOptions) throws {
        let client = try options.client()
        let spans = UsageSpans.joined(try client.list(try path(of: resource, client)))
        switch options.output {
        case .table: UsageTable(spans, groups: groups, showsMeters: showsMeters, width: Terminal.width()).show()
        case .json: options.show(spans, columns: [])
        }
    }

    /// The path of the question below the API's root.
    func path(of resource: String, _ client: AdminClient) throws -> String {
        PathText.join(
            resource,
            query: [
                "start": start, "end": end, "bucket": bucket.rawValue, "group_by": groupBy,
                "tenant_id": try tenant.map { try client.tenantID($0) }, "key_id": key, "model": model, "pool": pool,
                "backend_id": try backend.map { try client.backendID($0) }, "time_zone": timeZone,
            ])
    }

    /// The words of `--group-by`.
    var groups: [String] { groupBy?.split(separator: ",").map(String.init) ?? [] }
}
