import Proxy

/// Pools, backends and models.
extension Field {
    static let pool: [Field] = [
        Field("name", .name, required: true),
        Field("policy", choice(of: PoolPolicy.self)),
        Field("queue", .object([Field("max", .whole(0...100_000)), Field("timeout", .duration)])),
        Field("affinity", choice(of: PoolAffinity.self)),
    ]

    static let backend: [Field] = [
        Field("name", .name, required: true),
        Field("kind", choice(of: BackendKind.self), required: true),
        Field("base_url", .url, required: true),
        Field("api_key", .secret, nullable: true),
        Field("weight", .whole(1...1_000_000)),
        Field("max_concurrency", .whole(concurrency), nullable: true),
        Field("rpm", .whole(requestsPerMinute), nullable: true),
        Field("timeouts", .object(timeouts)),
        Field("probe", .object(probe), nullable: true),
        Field("on_disconnect", choice(of: OnDisconnect.self)),
        Field("on_unanswered", choice(of: OnUnanswered.self)),
    ]

    static let model: [Field] = [
        Field("name", .name, required: true),
        Field("targets", .objects(target), required: true),
        Field("max_output_tokens", .whole(tokens), required: true),
        Field("context_window", .whole(tokens), nullable: true),
        Field("input_overhead_tokens", .whole(0...1_000_000)),
        Field("part_tokens_max", .whole(tokens), nullable: true),
        Field("audio_seconds_max", .whole(1...1_000_000), nullable: true),
    ]

    static let concurrency: ClosedRange<Int64> = 1...1_000_000
    static let requestsPerMinute: ClosedRange<Int64> = 1...1_000_000_000
    static let tokens: ClosedRange<Int64> = 1...2_147_483_647

    private static let timeouts: [Field] =
        ["connect", "first_byte", "idle", "total"].map { Field($0, .duration) } + [
            Field("min_rate", .whole(0...1_000_000_000))
        ]

    private static let probe: [Field] = [
        Field("path", .text),
        Field("interval", .duration),
        Field("unhealthy_after", .whole(1...1000)),
        Field("healthy_after", .whole(1...1000)),
    ]

    private static let target: [Field] = [
        Field("pool", .name, required: true),
        Field("upstream_model", .text, nullable: true),
        Field(
            "max_tokens_param", choice(of: MaxTokensParam.self),
            standard: .string(MaxTokensParam.maxTokens.rawValue)),
    ]

    /// The names of an enumeration's cases.
    static func choice<Choice: CaseIterable & RawRepresentable>(of type: Choice.Type) -> FieldKind
    where Choice.RawValue == String {
        .choice(type.allCases.map(\.rawValue))
    }
}
