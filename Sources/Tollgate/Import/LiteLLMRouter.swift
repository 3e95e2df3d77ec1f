/// What LiteLLM's `router_settings` and `litellm_settings` say about where calls go.
struct LiteLLMRouter: Sendable {
    /// The policy of every pool.
    let policy: String
    /// By model, in the order they are tried.
    let fallbacks: [String: [String]]
    /// Of models without fallbacks of their own.
    let defaultFallbacks: [String]
    /// By alias, the model it stands for.
    let aliases: [String: String]
    /// The time limit of every call, such as `30s`; nil: the standard one.
    let timeout: String?

    /// Reads both sections; what has no counterpart goes to the notes.
    init(_ document: DocumentValue, notes: inout ImportNotes) {
        let empty = DocumentValue.empty(at: document.place)
        let (router, general) = (document["router_settings"] ?? empty, document["litellm_settings"] ?? empty)
        policy = Self.policy(router["routing_strategy"]?.text, notes: &notes)
        let given = { (name: String, other: String) in router[name] ?? general[other] }
        fallbacks = Self.lists(given("fallbacks", "fallbacks"))
        defaultFallbacks = given("default_fallbacks", "default_fallbacks")?.items.compactMap(\.text) ?? []
        var aliases: [String: String] = [:]
        for member in router["model_group_alias"]?.members ?? [] {
            aliases[member.name] = member.value.text ?? member.value["model"]?.text
            if member.value["hidden"]?.text == "true" {
                notes.lose("alias \(member.name)", "is listed to everyone who may use it; LiteLLM hid it")
            }
        }
        self.aliases = aliases
        let limit = given("timeout", "request_timeout")
        timeout = limit?.text.flatMap(LiteLLMFields.span)
        if limit != nil, timeout == nil {
            notes.lose(router["timeout"] == nil ? "request_timeout" : "timeout", "not a value that Tollgate takes")
        }
        if let retries = given("num_retries", "num_retries") {
            if let count = retries.text.flatMap(Int64.init), 0...98 ~= count {
                notes.lose(
                    "num_retries: \(count)",
                    "set `routing: { max_attempts: \(count + 1) }` in tollgate.yaml, for all models")
            } else {
                notes.lose("num_retries", "not a value that Tollgate takes")
            }
        }
        for (name, other) in Self.twins where router[name] != nil && general[other] != nil {
            notes.lose("litellm_settings.\(other)", "router_settings.\(name) is given too, and was taken")
        }
        let own = Set(Self.twins.map(\.router)).union(["routing_strategy", "model_group_alias"])
        Self.noteTheRest(router, in: "router_settings", carried: own, notes: &notes)
        Self.noteTheRest(general, in: "litellm_settings", carried: Set(Self.twins.map(\.general)), notes: &notes)
    }

    /// What may stand in either section, by its names there.
    private static let twins: [(router: String, general: String)] = [
        ("fallbacks", "fallbacks"), ("default_fallbacks", "default_fallbacks"), ("num_retries", "num_retries"),
        ("timeout", "request_timeout"),
    ]

    private static func policy(_ strategy: String?, notes: inout ImportNotes) -> String {
        switch strategy {
        case nil, "simple-shuffle": return "weighted"
        case "least-busy": return "least_busy"
        case "latency-based-routing": return "latency"
        case let other?:
            notes.lose("routing_strategy \(other)", "there is no such policy; pools got least_busy")
            return "least_busy"
        }
    }

    /// `[{a: [b, c]}, …]`, or one mapping.
    private static func lists(_ value: DocumentValue?) -> [String: [String]] {
        guard let value else { return [:] }
        let members = value.members + value.items.flatMap(\.members)
        return members.reduce(into: [:]) { lists, member in
            let names = member.value.items.compactMap { $0.text ?? $0["model"]?.text }
            lists[member.name, default: []] += member.value.text.map { [$0] } ?? names
        }
    }

    // MARK: What is left

    private static let reasons: [String: String] = [
        "context_window_fallbacks": "a call that is too long is the client's to shorten: the 400 passes through",
        "content_policy_fallbacks": "a backend's refusal passes through",
        "allowed_fails": "Tollgate cools a backend after three failures in a row, longer each time",
        "cooldown_time": "Tollgate cools a backend after three failures in a row, longer each time",
        "retry_policy": "retries are one setting for all failures: routing.max_attempts in tollgate.yaml",
        "model_group_retry_policy": "retries are one setting for all models: routing.max_attempts in tollgate.yaml",
        "retry_after": "a backend's Retry-After is kept; waits grow by themselves",
        "cache": "answers are not cached", "cache_params": "answers are not cached",
        "cache_responses": "answers are not cached", "caching_groups": "answers are not cached",
        "max_budget": "there is no budget over all tenants; give each its own",
        "budget_duration": "there is no budget over all tenants; give each its own",
        "enable_tag_filtering": "models are chosen by entitlements, not by tags",
        "routing_groups": "every pool has one policy", "routing_strategy_args": "policies have no arguments",
        "provider_budget_config": "budgets belong to tenants and keys, not to providers",
    ]

    /// Notes the rest of a section by name; values may be secrets.
    private static func noteTheRest(
        _ section: DocumentValue, in name: String, carried: Set<String>, notes: inout ImportNotes
    ) {
        for member in section.members where member.value.saysSomething && !carried.contains(member.name) {
            let isStore = member.name.hasPrefix("redis_")
            let isLog = member.name.hasSuffix("callback") || member.name.hasSuffix("callbacks")
            let reason =
                isStore
                ? "needs no Redis"
                : isLog ? "calls are in the ledger, metrics and logs; content is never recorded" : "has no counterpart"
            notes.lose("\(name).\(member.name)", reasons[member.name] ?? reason)
        }
    }
}
