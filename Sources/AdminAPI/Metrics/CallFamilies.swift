import Proxy

/// The `gen_ai_*` histograms, under the names that dashboards for AI gateways ask for.
enum CallFamilies {
    private static let seconds:
        [(name: String, help: String, of: @Sendable (CallHistogramsSnapshot) -> HistogramSnapshot)] = [
            (
                "gen_ai_server_request_duration_seconds", "Time from the whole request to the end of its answer.",
                { $0.duration }
            ),
            (
                "gen_ai_server_time_to_first_token_seconds",
                "Time from the whole request to the first piece of a streamed answer.", { $0.firstToken }
            ),
            (
                "gen_ai_server_time_per_output_token_seconds",
                "Time each output token of a stream took after the first.",
                { $0.perOutputToken }
            ),
        ]

    static func write(_ calls: [CallLabels: CallHistogramsSnapshot], _ text: inout MetricText) {
        let calls = calls.map { (labels: labels($0.key), figures: $0.value) }.sorted {
            $0.labels.map(\.1).lexicographicallyPrecedes($1.labels.map(\.1))
        }
        text.family("gen_ai_client_token_usage", .histogram, "Tokens a call, as settled.")
        for call in calls {
            for (type, figures) in [("input", call.figures.input), ("output", call.figures.output)]
            where figures.count > 0 {
                text.buckets("gen_ai_client_token_usage", call.labels + [("gen_ai_token_type", type)], figures)
            }
        }
        for family in seconds {
            text.family(family.name, .histogram, family.help)
            for call in calls where family.of(call.figures).count > 0 {
                text.buckets(family.name, call.labels, family.of(call.figures))
            }
        }
    }

    /// `error_type` is there for calls that failed only, as the conventions have it.
    private static func labels(_ labels: CallLabels) -> [(String, String)] {
        let all = [
            ("gen_ai_operation_name", labels.operation), ("gen_ai_provider_name", labels.provider),
            ("gen_ai_original_model", labels.originalModel), ("gen_ai_request_model", labels.requestModel),
            ("gen_ai_response_model", labels.requestModel),
        ]
        return labels.errorType.isEmpty ? all : all + [("error_type", labels.errorType)]
    }
}
