import Foundation

/// The fields of one entry of `model_list`, wherever in it they were written, and what has become of each.
struct LiteLLMFields: Sendable {
    let entry: DocumentValue
    let params: DocumentValue
    let info: DocumentValue
    /// The model's name, for the notes.
    let group: String

    /// A count; anything but a whole number from 1 to `limit` is noted and reads as absent.
    func whole(
        _ name: String, atMost limit: Int64 = Field.tokens.upperBound, notes: inout ImportNotes
    ) -> Int64? {
        count(params[name] ?? info[name] ?? entry[name], name, atMost: limit, notes: &notes)
    }

    /// A count that means something in `model_info` only.
    func infoWhole(_ name: String, notes: inout ImportNotes) -> Int64? {
        count(info[name], name, atMost: Field.tokens.upperBound, notes: &notes)
    }

    /// A number, exactly as it was written.
    func decimal(_ name: String) -> Decimal? {
        (params[name] ?? info[name])?.text.flatMap(ExactAmount.read)
    }

    /// A time in seconds, fractions allowed, as Tollgate writes it.
    func span(_ name: String, notes: inout ImportNotes) -> String? {
        guard let text = params[name]?.text else { return nil }
        return Self.span(text) ?? lose(name, notes: &notes)
    }

    /// `30` and `0.5` as `30s` and `500ms`; nil for anything else, or a time beyond a day.
    static func span(_ text: String) -> String? {
        guard let seconds = ExactAmount.read(text), seconds > 0, seconds <= 86_400 else { return nil }
        let milliseconds = ExactAmount.rounded(seconds * 1000, fractionDigits: 0).text
        return milliseconds.hasSuffix("000") ? milliseconds.dropLast(3) + "s" : milliseconds + "ms"
    }

    private func count(
        _ value: DocumentValue?, _ name: String, atMost limit: Int64, notes: inout ImportNotes
    ) -> Int64? {
        guard let value else { return nil }
        return value.text.flatMap { Self.count($0, atMost: limit) } ?? lose(name, notes: &notes)
    }

    /// `60`, `60.0` and `6e1` as 60; nil for anything but a whole number from 1 to `limit`.
    static func count(_ text: String, atMost limit: Int64) -> Int64? {
        guard let number = ExactAmount.read(text), number >= 1, number <= Decimal(limit),
            let whole = Int64(ExactAmount.rounded(number, fractionDigits: 0).text), Decimal(whole) == number
        else { return nil }
        return whole
    }

    private func lose<Value>(_ name: String, notes: inout ImportNotes) -> Value? {
        notes.lose("\(name) of \(group)", "not a value that Tollgate takes")
        return nil
    }

    // MARK: What is left

    private static let carried: Set<String> = [
        "model", "api_base", "base_url", "api_key", "custom_llm_provider", "litellm_credential_name", "order",
        "weight", "tpm", "rpm", "max_parallel_requests", "timeout", "stream_timeout", "model_name", "litellm_params",
        "model_info", "id", "max_output_tokens", "max_input_tokens", "access_groups", "mode", "base_model",
    ]

    /// Why a field has no counterpart; the others are told apart only by name.
    private static let reasons: [String: String] = [
        "tpm": "a backend has no token rate; its rpm and max_concurrency bind, and tenants have tpm quotas",
        "max_retries": "retries are made by the router: routing.max_attempts in tollgate.yaml",
        "num_retries": "retries are made by the router: routing.max_attempts in tollgate.yaml",
        "api_version": "is not sent; Anthropic's version comes from the client or is 2023-06-01",
        "organization": "no header of its own is sent; give the backend a key of that organization",
        "extra_headers": "no header of its own is sent to a backend",
        "headers": "no header of its own is sent to a backend",
        "drop_params": "requests are passed on as they are",
        "tags": "models are chosen by entitlements, not by tags",
        "max_budget": "budgets belong to tenants and keys, not to deployments",
        "budget_duration": "budgets belong to tenants and keys, not to deployments",
        "mock_response": "no answer is invented",
        "input_cost_per_pixel": "there is no price by pixel; give one per image",
        "output_cost_per_pixel": "there is no price by pixel; give one per image",
        "tiered_pricing": "give one price for each threshold with above_tokens",
    ]

    /// Notes every field that said something and found no place.
    func noteTheRest(notes: inout ImportNotes) {
        if params["tpm"] != nil || info["tpm"] != nil || entry["tpm"] != nil {
            notes.lose("tpm of \(group)", Self.reasons["tpm"] ?? "")
        }
        for member in entry.members + params.members where member.value.saysSomething {
            note(member.name, in: "litellm_params", notes: &notes)
        }
        for member in info.members where member.value.saysSomething {
            // What a model can do is for clients to read; it changes no call.
            if member.name.hasPrefix("supports_") || ["max_tokens", "description"].contains(member.name) { continue }
            note(member.name, in: "model_info", notes: &notes)
        }
    }

    private func note(_ name: String, in section: String, notes: inout ImportNotes) {
        guard !Self.carried.contains(name), LiteLLMPrices.slot(of: name) == nil else { return }
        if let reason = Self.reasons[name] {
            notes.lose("\(name) of \(group)", reason)
        } else if name.hasPrefix("default_") || section == "model_info" {
            notes.lose("\(section).\(name)", "has no counterpart")
        } else {
            notes.lose("\(section).\(name)", "is not set for the client; requests are passed on as they are")
        }
    }
}
