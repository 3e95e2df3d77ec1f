import Tenancy

/// Tenants, what they may use, and their keys.
extension Field {
    static let tenant: [Field] = [
        Field("name", .name, required: true),
        Field("time_zone", .text),
        Field("tags", .tags),
        Field("price_multiplier", .decimal),
        Field("on_insufficient", choice(of: OnInsufficient.self)),
        Field("trim_floor", .whole(1...2_147_483_647)),
        Field("hold_wait_ms", .whole(0...600_000)),
        Field("uncertain_release_after", .duration, nullable: true),
    ]

    static let entitlement: [Field] = [
        Field("pool", .name, required: true),
        Field("models", .texts, standard: .array([.string("*")])),
    ]

    static let quota: [Field] = ["rpm", "tpm", "rpd", "tpd", "concurrency"].map {
        Field($0, .whole(1...1_000_000_000_000), nullable: true)
    }

    static let adminKey: [Field] = [
        Field("name", .name, required: true),
        Field("role", choice(of: AdminRole.self), required: true),
        Field("expires_at", .instant, nullable: true),
    ]

    static let webhook: [Field] = [
        Field("url", .text, required: true),
        Field("events", .texts),
    ]

    static let key: [Field] = [
        Field("name", .name, required: true),
        Field("expires_at", .instant, nullable: true),
        Field("models", .texts, nullable: true),
        Field("allowed_ips", .texts),
        Field("tags", .tags),
        Field("scope", .choice(["tenant_usage"]), nullable: true),
    ]
}
