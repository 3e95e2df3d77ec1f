import Billing
import Proxy
import Tenancy

/// One of each resource.
extension Sample {
    private static let start = Timestamp(microseconds: 0)

    static let health = Sample("Health", ["status": "ok"])
    static let tenant = Sample("Tenant", Tenant.blank.json)
    static let tenantWithCredits = Sample(
        "TenantWithCredits", Tenant.blank.json.adding("credits", Credit.json([:])))
    static let entitlements = Sample("Entitlements", ["pools": [Entitlement(pool: "").json]])
    static let quota = Sample("Quota", Quota().json)
    static let pool = Sample("Pool", PoolDefinition(name: "").json)
    static let poolWithBackends = Sample("ListedPool", pool.json.adding("backends?", [BackendDefinition.blank.json]))
    static let backend = Sample("Backend", BackendDefinition.blank.json)
    static let model = Sample(
        "Model",
        ModelDefinition(name: "", targets: [ModelTarget(pool: "")], maxOutputTokens: 1, createdAt: start).json)
    static let budget = Sample("Budget", Budget(JSONObject([]), at: start).json)
    static let budgetWithState = Sample("ListedBudget", budget.json.adding("state?", budgetState.json))
    static let raise = Sample("Raise", BudgetRaise(JSONObject([]), of: ID(""), at: start).json(at: start))
    static let budgetWithRaises = Sample("BudgetWithRaises", budget.json.adding("raises", [raise.json]))
    static let credit = Sample("Credit", Credit(JSONObject([]), of: ID(""), by: "", at: start).json)
    static let webhook = Sample("Webhook", Webhook(id: ID(""), url: "", events: [""], createdAt: start).json)
    static let issuedWebhook = Sample("IssuedWebhook", webhook.json.adding("secret", nil))
    static let key = Sample("Key", APIKey.blankProfile.json)
    static let issuedKey = Sample("IssuedKey", key.json.adding("key", nil))
    static let adminKey = Sample(
        "AdminKey",
        AdminKey(id: ID("adm_"), publicID: "", name: "", role: .viewer, phc: "", createdAt: start)
            .json(lastUsedAt: nil))
    static let issuedAdminKey = Sample("IssuedAdminKey", adminKey.json.adding("key", nil))
    static let masterKey = Sample("MasterKey", MasterKeyRoutes.sample)
    static let resolved = Sample("Resolved", ["resolved": .integer(0)])

    static let delivery: Sample = {
        var delivery = WebhookDelivery(
            id: ID(""), webhookID: ID(""), messageID: "", event: "", body: "", createdAt: start)
        delivery.nextAt = nil
        return Sample("Delivery", delivery.json)
    }()

    static let price = Sample(
        "Price",
        [
            "id": "", "model": "", "kind": "", "backend_id": nil, "tenant_id": nil, "tier": nil,
            "above_tokens": nil, "effective_from": "", "published_at": "", "per_million": nil, "per_unit": [:],
        ])
}

extension Tenant {
    static var blank: Tenant { Tenant(id: ID("ten_"), name: "", createdAt: Timestamp(microseconds: 0)) }
}

extension BackendDefinition {
    static var blank: BackendDefinition {
        BackendDefinition(id: ID("be_"), pool: "", name: "", kind: .openai, baseURL: "")
    }
}

extension APIKey {
    static var blank: APIKey {
        APIKey(id: ID("key_"), tenantID: ID("ten_"), publicID: "", name: "", createdAt: Timestamp(microseconds: 0))
    }

    fileprivate static var blankProfile: KeyProfile {
        KeyProfile(key: blank, secrets: [KeySecretRecord(publicID: "", keyID: blank.id, phc: "")])
    }
}
