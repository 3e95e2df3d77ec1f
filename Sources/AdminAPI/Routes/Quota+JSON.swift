import Tenancy

extension Quota {
    private static var range: ClosedRange<Int64> { 1...1_000_000_000_000 }

    /// The quota as the API shows it.
    var json: JSONValue {
        [
            "rpm": .integer(rpm),
            "tpm": .integer(tpm),
            "rpd": .integer(rpd),
            "tpd": .integer(tpd),
            "concurrency": .integer(concurrency),
        ]
    }

    /// Reads a whole quota: what is absent or null does not bind.
    init(_ body: JSONObject) {
        self.init(
            rpm: body.nullable("rpm", .integer(Self.range)).value,
            tpm: body.nullable("tpm", .integer(Self.range)).value,
            rpd: body.nullable("rpd", .integer(Self.range)).value,
            tpd: body.nullable("tpd", .integer(Self.range)).value,
            concurrency: body.nullable("concurrency", .integer(Self.range)).value
        )
    }
}
