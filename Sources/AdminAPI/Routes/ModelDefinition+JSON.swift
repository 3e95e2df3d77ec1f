import Proxy
import Tenancy

extension ModelDefinition {
    private static var tokens: ClosedRange<Int64> { 1...2_147_483_647 }

    /// The model as the API shows it.
    var json: JSONValue {
        [
            "name": .string(name),
            "targets": .array(targets.map(\.json)),
            "max_output_tokens": .integer(maxOutputTokens),
            "context_window": .integer(contextWindow),
            "input_overhead_tokens": .integer(inputOverheadTokens),
            "part_tokens_max": .integer(partTokensMax),
            "audio_seconds_max": .integer(audioSecondsMax),
            "created_at": .string(createdAt.rfc3339),
        ]
    }

    /// Reads a whole model; `name` in the body is taken only if it repeats the path's.
    init(name: String, _ body: JSONObject, at now: Timestamp) {
        let targets = (body.objects("targets", atMost: 32) ?? []).map(ModelTarget.init)
        body.require("targets")
        if targets.isEmpty, body.has("targets") { body.fail("targets", "must name at least one pool") }
        if let repeated = body.optional("name", .reference), repeated != name {
            body.fail("name", "differs from the path; models cannot be renamed")
        }
        self.init(
            name: name,
            targets: targets,
            maxOutputTokens: body.required("max_output_tokens", .integer(Self.tokens), else: 1),
            contextWindow: body.nullable("context_window", .integer(Self.tokens)).value,
            inputOverheadTokens: body.optional("input_overhead_tokens", .integer(0...1_000_000)) ?? 256,
            partTokensMax: body.nullable("part_tokens_max", .integer(Self.tokens)).value,
            audioSecondsMax: body.nullable("audio_seconds_max", .integer(1...1_000_000)).value,
            createdAt: now
        )
    }
}

extension ModelTarget {
    fileprivate var json: JSONValue {
        [
            "pool": .string(pool),
            "upstream_model": .text(upstreamModel),
            "max_tokens_param": .string(maxTokensParam.rawValue),
        ]
    }

    fileprivate init(_ body: JSONObject) {
        self.init(
            pool: body.required("pool", .reference, else: ""),
            upstreamModel: body.nullable("upstream_model", .upstreamName).value,
            maxTokensParam: body.optional("max_tokens_param", .choice) ?? .maxTokens
        )
    }
}
