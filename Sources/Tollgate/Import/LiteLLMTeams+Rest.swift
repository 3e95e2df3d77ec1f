/// What teams and keys say that finds no place.
extension LiteLLMTeams {
    private static let limits: Set<String> = [
        "max_budget", "soft_budget", "budget_duration", "rpm_limit", "tpm_limit", "tpd_limit", "max_parallel_requests",
    ]

    private static let carried: Set<String> = [
        "team_id", "team_alias", "models", "blocked", "members", "members_with_roles", "budget_limits",
        "model_max_budget", "token", "key_name", "key_alias", "user_id", "expires",
    ]

    /// What LiteLLM notes down by itself: no setting of anybody's.
    private static let records: Set<String> = [
        "spend", "model_spend", "budget_id", "budget_reset_at", "created_at", "created_by", "updated_at", "updated_by",
        "last_active", "last_refreshed_at", "last_rotation_at", "rotation_count", "keys", "keys_count",
        "members_count", "team_memberships", "token_id", "user", "team_spend", "object_permission_id", "model_id",
    ]

    private static let reasons: [String: String] = [
        "tags": "Tollgate's tags are names with values: tollgate keys update --set tags.NAME=VALUE",
        "model_rpm_limit": "there is no quota for one model; give it a key of its own",
        "model_tpm_limit": "there is no quota for one model; give it a key of its own",
    ]

    /// Notes the rest of a team or a key by name; values may be secrets.
    static func noteTheRest(_ value: DocumentValue, of owner: String, notes: inout ImportNotes) {
        for member in value.members where member.value.saysSomething {
            switch member.name {
            case "metadata": note(member.value, of: owner, in: "metadata.", but: [], notes: &notes)
            case "litellm_budget_table":
                note(member.value, of: owner, in: "litellm_budget_table.", but: limits.union(records), notes: &notes)
            default: break
            }
        }
        let known = limits.union(carried).union(records).union(["metadata", "litellm_budget_table"])
        note(value, of: owner, in: "", but: known, notes: &notes)
    }

    private static func note(
        _ value: DocumentValue, of owner: String, in section: String, but known: Set<String>,
        notes: inout ImportNotes
    ) {
        for member in value.members where member.value.saysSomething && !known.contains(member.name) {
            notes.lose("\(section)\(member.name) of \(owner)", reasons[member.name] ?? "has no counterpart")
        }
    }
}
