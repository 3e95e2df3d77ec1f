import Billing

/// Gathers a span's attributes under the names of OpenTelemetry's conventions for generative AI.
/// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/
struct SpanAttributes {
    var list: [Span.Attribute] = []

    mutating func add(_ name: String, _ value: String) { append(name, .text(value)) }

    mutating func add(_ name: String, _ value: Int64) { append(name, .integer(value)) }

    mutating func add(_ name: String, _ value: Bool) { append(name, .flag(value)) }

    /// What was asked for, and of whom.
    mutating func operation(_ kind: AskKind, provider: BackendKind) {
        add("gen_ai.operation.name", kind.operation)
        add("gen_ai.provider.name", provider.rawValue)
    }

    /// What the answer calls itself.
    mutating func answer(_ identity: AnswerIdentity) {
        if let id = identity.id { add("gen_ai.response.id", id) }
        if let model = identity.model { add("gen_ai.response.model", model) }
        if !identity.finishReasons.isEmpty { append("gen_ai.response.finish_reasons", .texts(identity.finishReasons)) }
    }

    /// Tokens; those read from or written to a cache are part of the input, as the conventions have it.
    mutating func usage(_ usage: TokenUsage) {
        guard usage.total > 0 else { return }
        add("gen_ai.usage.input_tokens", usage.inputTotal)
        add("gen_ai.usage.output_tokens", usage.outputTotal)
        if usage.inputCacheRead > 0 { add("gen_ai.usage.cache_read.input_tokens", usage.inputCacheRead) }
        let written = usage.inputCacheWrite5m.clampedSum(usage.inputCacheWrite1h)
        if written > 0 { add("gen_ai.usage.cache_creation.input_tokens", written) }
    }

    private mutating func append(_ name: String, _ value: Span.Value) {
        list.append(Span.Attribute(name: name, value: value))
    }
}
