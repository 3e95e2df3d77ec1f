/// What an answer may say: its sample with a value for each text. What is null in the sample may be null in an answer.
enum AnswerExamples {
    /// The sample as an answer of that name.
    static func of(_ sample: Sample) -> JSONValue {
        example(sample.json, of: sample.name, named: nil)
    }

    /// A page of one of them.
    static func page(of sample: Sample, beside: [JSONMember]) -> JSONValue {
        .object(
            [
                JSONMember("data", .array([of(sample)])), JSONMember("has_more", false),
                JSONMember("next", nil),
            ] + beside.map { JSONMember($0.name, example($0.value, of: sample.name, named: $0.name)) })
    }

    private static func example(_ value: JSONValue, of owner: String, named name: String?)
        -> JSONValue
    {
        switch value {
        case .string(let text):
            // What samples are blank with; their ids are made anew each time.
            guard text.isEmpty || text == "0" || text.hasSuffix("_") || text == epoch || name == "id" else {
                return value
            }
            return name.flatMap { texts["\(owner).\($0)"] ?? texts[$0] }.map { .string($0) } ?? value
        case .array(let values):
            return .array(
                values.map { example($0, of: name.flatMap { parts[$0] } ?? owner, named: name) })
        case .object(let members):
            let owner = name.flatMap { parts[$0] } ?? owner
            return .object(
                members.map { member in
                    // `name?` is a member that may be missing, `tag:*` any member that begins so.
                    let name = member.name.replacing("?", with: "").replacing("*", with: "team")
                    return JSONMember(name, example(member.value, of: owner, named: name))
                })
        case .null: return name.flatMap { texts["\(owner).\($0)"] }.map { .string($0) } ?? value
        case .bool, .number: return value
        }
    }

    /// The instant that samples are made at.
    private static let epoch = "1970-01-01T00:00:00Z"

    /// Whose members those of a member are.
    private static let parts = [
        "raises": "Raise", "backends": "BackendStatus", "attempts": "Request", "secrets": "Key",
        "entries": "Entry", "left_over": "Price",
    ]

    private static let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    /// By the name of the field, or of the answer and the field where that says something else.
    private static let texts: [String: String] = [
        "Tenant.id": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b",
        "TenantWithCredits.id": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b",
        "Key.id": "key_01k9yq4b2n7s3c5v8x0z1a6d4f",
        "IssuedKey.id": "key_01k9yq4b2n7s3c5v8x0z1a6d4f",
        "AdminKey.id": "adm_01k9yq1a5c8e2g4j6m9p3s7v0x",
        "IssuedAdminKey.id": "adm_01k9yq1a5c8e2g4j6m9p3s7v0x",
        "Backend.id": "be_01k9yq2c4f7h1k3n6q8t0w5z2b",
        "BackendStatus.id": "be_01k9yq2c4f7h1k3n6q8t0w5z2b",
        "Budget.id": "bud_01k9yq5e8h0k2n4q6s9v1x3z7b",
        "ListedBudget.id": "bud_01k9yq5e8h0k2n4q6s9v1x3z7b",
        "BudgetWithRaises.id": "bud_01k9yq5e8h0k2n4q6s9v1x3z7b",
        "BudgetState.id": "bud_01k9yq5e8h0k2n4q6s9v1x3z7b",
        "Raise.id": "rse_01k9yq6g1j3m5p7r9t2w4y6a8c",
        "Credit.id": "crd_01k9yq7j3m5p8r0t2v4x6z9b1d",
        "Webhook.id": "whk_01k9yq8m5p7s9v1x3z6b8d0f2h",
        "IssuedWebhook.id": "whk_01k9yq8m5p7s9v1x3z6b8d0f2h",
        "Delivery.id": "whd_01k9yq9p8s0v2x4z6b9d1f3h5k",
        "Price.id": "prc_01k9yqar0t2w4y6a8c1e3g5j7m",
        "Hold.id": "req_01k9yqbt3w5y7a9c2e4g6j8m0p.1",
        "Request.id": "req_01k9yqbt3w5y7a9c2e4g6j8m0p",
        "Correction.id": "cor_01k9yqcv5x8z0b2d4f6h9k1n3q",
        "Reconciliation.id": "rec_01k9yqdx7z9b2d4f6h8k0n3q5s",
        "ReconciliationSummary.id": "rec_01k9yqdx7z9b2d4f6h8k0n3q5s",
        "AuditEntry.id": "aud_01k9yqez9b1d3f5h8k0m2p4r6t",
        "Tenant.name": "research", "TenantWithCredits.name": "research", "Key.name": "ci",
        "IssuedKey.name": "ci",
        "AdminKey.name": "ops", "IssuedAdminKey.name": "ops", "Pool.name": "fast",
        "ListedPool.name": "fast",
        "Backend.name": "llama-a", "BackendStatus.name": "llama-a", "Model.name": "smollm2",
        "Status.name": "fast",
        "Health.status": "ok", "Period.status": "open", "Hold.state": "uncertain",
        "Delivery.state": "delivered",
        "BackendStatus.state": "closed", "Reconciliation.model": "smollm2",
        "PriceImport.format": "litellm", "PriceImportRecord.format": "litellm",
        "PriceImportRecord.id": "imp_01k9yqc3f5h7k9m1p3r5t7v9x1",
        "PriceImport.model": "gpt-4o-mini", "PriceImport.models": "gpt-4o-mini",
        "PriceImport.meter": "input",
        "MasterKey.rotation": "finished", "PriceImport.reason": "it has no price",
        "PriceImport.conflicts": "gpt-4o-mini", "Entry.entries": "settle",
        "Request.entries": "settle",
        "UsageBucket.tenant": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b", "UsageBucket.tenant_name": "research",
        "UsageBucket.key": "key_01k9yq4b2n7s3c5v8x0z1a6d4f", "UsageBucket.key_name": "ci",
        "UsageBucket.model": "smollm2", "UsageBucket.pool": "fast",
        "UsageBucket.backend": "be_01k9yq2c4f7h1k3n6q8t0w5z2b", "UsageBucket.backend_name": "llama-a",
        "UsageBucket.meter": "input", "UsageBucket.tag:team": "blue",
        "tenant_id": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b", "key_id": "key_01k9yq4b2n7s3c5v8x0z1a6d4f",
        "budget_id": "bud_01k9yq5e8h0k2n4q6s9v1x3z7b", "request_id": "req_01k9yqbt3w5y7a9c2e4g6j8m0p",
        "public_id": "4nX0bQ7sTz", "created_at": "2026-11-03T09:12:45.120431Z", "time_zone": "UTC",
        "on_insufficient": "refuse", "created_by": "adm_01k9yq1a5c8e2g4j6m9p3s7v0x",
        "actor": "adm_01k9yq1a5c8e2g4j6m9p3s7v0x", "role": "admin", "kind": "tenant", "amount": "25",
        "Credit.kind": "prepaid", "prepaid": "25", "goodwill": "0", "total": "25", "pool": "fast",
        "model": "smollm2",
        "models": "*", "limit": "25", "window": "month", "mode": "hard",
        "until": "2026-11-30T00:00:00Z",
        "ended_at": "2026-11-03T09:13:02.48Z", "posted": "3.1425", "held": "0.012",
        "remaining": "21.8455",
        "from": "2026-10-27T00:00:00Z", "to": "2026-11-03T00:00:00Z", "refused_cost": "0.42",
        "spent": "3.1425",
        "admitted_at": "2026-11-03T09:13:01.002Z", "policy": "least_busy", "timeout": "10s",
        "affinity": "none",
        "base_url": "http://127.0.0.1:9001/v1", "connect": "5s", "first_byte": "300s", "idle": "120s",
        "on_disconnect": "abort", "on_unanswered": "release", "max_tokens_param": "max_tokens",
        "effective_from": "2026-11-01T00:00:00Z", "published_at": "2026-11-01T00:00:00Z",
        "start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z", "cost": "0.000150000004",
        "outcome": "answered", "provenance": "reported", "excess": "0", "list_cost": "0.000150000004",
        "price_multiplier": "1", "at": "2026-11-03T09:12:45.120431Z", "action": "tenant.create",
        "subject": "ten_01k9yq3v8f6d2m4t7w5x1z0a9b", "hash": digest,
        "url": "http://127.0.0.1:9002/hook",
        "events": "budget.threshold", "message_id": "msg_01k9yqf1c3e5g8j0m2p4r6t9w1",
        "event": "budget.threshold",
        "period": "2026-11", "corrects_period": "2026-10", "reason": "a price that was wrong",
        "provider": "openai",
        "sha256": digest, "captured": "118.4", "billed": "118.9", "day": "2026-10-14",
        "cause": "off_gateway",
        "per": "million", "new": "0.15", "given": "1.4999e-07", "taken": "0.00000014999",
        "method": "GET",
        "path": "/admin/v1/tenants", "version": "1.0.0", "now": "2026-11-03T09:12:45.120431Z",
    ]
}
