/// A body that each call takes, by the call's name; the tests send every one of them.
enum BodyExamples {
    /// The media type of a file's example.
    static func fileType(_ call: String) -> String? {
        switch all[call] {
        case .string: "text/csv"
        case nil: nil
        default: "application/json"
        }
    }

    static let all: [String: JSONValue] = [
        "post_tenants": [
            "name": "research", "time_zone": "Europe/Rome", "tags": ["cost_center": "4711"],
            "price_multiplier": "1.1",
            "on_insufficient": "trim", "hold_wait_ms": .integer(2000),
        ],
        "patch_tenants_tenant": ["time_zone": "Europe/Berlin", "uncertain_release_after": "1h"],
        "post_tenants_tenant_credits": ["amount": "25.00", "kind": "prepaid", "note": "order 1044"],
        "put_tenants_tenant_entitlements": ["pools": [["pool": "fast", "models": ["*"]]]],
        "post_tenants_tenant_keys": [
            "name": "ci", "expires_at": "2036-01-01T00:00:00Z", "models": ["smollm2"],
            "allowed_ips": ["10.0.0.0/8"],
            "tags": ["team": "blue"],
        ],
        "put_tenants_tenant_quotas": [
            "rpm": .integer(600), "tpm": .integer(200_000), "concurrency": .integer(40),
        ],
        "patch_keys_key": ["name": "ci-2", "models": nil],
        "post_keys_key_rotate": ["grace_seconds": .integer(86_400)],
        "put_keys_key_quotas": ["rpm": .integer(60), "rpd": .integer(5000)],
        "post_budgets": [
            "tenant_id": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b", "model": "smollm2", "limit": "25.00",
            "window": "month",
            "mode": "hard", "alerts_at": [.number("0.5"), .number("0.8"), .number("1")],
        ],
        "patch_budgets_budget": ["limit": "40.00"],
        "post_budgets_budget_dry_run": ["limit": "10.00", "days": .integer(30)],
        // A raise lasts a year at most: this instant is a near one, whenever the tests send it.
        "post_budgets_budget_raises": ["limit": "60.00", "until": "2026-12-31T00:00:00Z"],
        "post_holds_hold_resolve": ["charge": "0.01"],
        "post_holds_resolve": ["older_than": "1h", "release": true],
        "post_pools": [
            "name": "spare", "policy": "weighted", "queue": ["max": .integer(100), "timeout": "5s"],
        ],
        "patch_pools_pool": ["policy": "latency", "affinity": "prompt_cache_key"],
        "post_pools_pool_backends": [
            "name": "llama-b", "kind": "openai", "base_url": "http://127.0.0.1:9001/v1",
            "weight": .integer(2),
            "max_concurrency": .integer(4), "timeouts": ["connect": "2s", "first_byte": "60s"],
            "probe": ["path": "/health", "interval": "10s"],
        ],
        "patch_backends_backend": ["weight": .integer(3), "on_disconnect": "drain"],
        "put_models_model": [
            "targets": [["pool": "fast", "upstream_model": "smollm2-135m"]],
            "max_output_tokens": .integer(512),
            "context_window": .integer(8192),
        ],
        "post_prices": [
            "model": "smollm2", "effective_from": "2026-12-01T00:00:00Z",
            "per_million": ["input": "0.10", "output": "0.40"],
        ],
        "post_periods_period_close": ["grace": "24h"],
        "post_periods_period_corrections": [
            "tenant_id": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b", "model": "smollm2", "pool": "fast",
            "amount": "-1.25",
            "reason": "a price that was wrong",
        ],
        "post_master_key_rotate": ["wrapped_key": "AQz0m1pY3V0Zs7k2Q1l8d6mJr4b9xw=="],
        "post_master_key_finish": ["proof": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        "post_webhooks": [
            "url": "http://127.0.0.1:9002/hook", "events": ["budget.threshold", "backend.down"],
        ],
        "post_prices_import": [
            "gpt-4o-mini": [
                "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": .number("1.5e-07"),
                "output_cost_per_token": .number("6e-07"),
            ]
        ],
        "post_reconciliations": "Day,Model,Cost\n2026-10-14,smollm2,118.90\n",
        "post_admin_keys": ["name": "ops", "role": "finance", "expires_at": "2036-01-01T00:00:00Z"],
    ]
}
