import Tenancy

extension AuditRecord {
    /// The kinds of events that OpenAI has a name for, with the actions that are such an event. Every other change is
    /// one of the organization's.
    static let eventActions: [String: [String]] = [
        "project.created": ["tenant.create"],
        "project.updated": [
            "tenant.update", "tenant.suspend", "tenant.resume", "tenant.credit", "entitlements.put",
        ],
        "project.archived": ["tenant.archive"],
        "rate_limit.updated": ["quota.put"],
        "api_key.created": ["key.create", "admin_key.create"],
        "api_key.updated": ["key.update", "key.rotate"],
        "api_key.deleted": ["key.revoke", "admin_key.revoke"],
    ]
    static let otherEvent = "organization.updated"
    /// Refused calls changed nothing.
    static let noEvent = "role.refused"

    private static let eventOfAction: [String: String] = Dictionary(
        eventActions.flatMap { event, actions in actions.map { ($0, event) } }, uniquingKeysWith: { first, _ in first })

    /// The entry as an event, under OpenAI's name of it; what we call it stands beside.
    var event: JSONValue {
        let type = Self.eventOfAction[entry.action] ?? Self.otherEvent
        let (before, after) = (Self.members(entry.before), Self.members(entry.after))
        var members: [JSONMember] = [
            JSONMember("id", .string(entry.id.text)),
            JSONMember("type", .string(type)),
            JSONMember("effective_at", .integer(entry.at.seconds)),
            JSONMember(
                "actor",
                [
                    "type": "api_key",
                    "api_key": [
                        "id": .string(entry.actor), "type": "service_account",
                        "service_account": ["id": .string(entry.actor)],
                    ],
                ]),
            JSONMember(type, details(type, after)),
            JSONMember(
                "tollgate",
                ["action": .string(entry.action), "seq": .integer(sequence), "request_id": .string(entry.requestID)]),
        ]
        let isProject = type.hasPrefix("project.") || type == "rate_limit.updated"
        let tenant = after["tenant_id"] ?? before["tenant_id"] ?? (isProject ? .string(entry.subject) : .null)
        if tenant != .null {
            members.append(JSONMember("project", ["id": tenant]))
        }
        return .object(members)
    }

    /// What the event says of itself.
    private func details(_ type: String, _ after: [String: JSONValue]) -> JSONValue {
        let id = JSONMember("id", .string(entry.subject))
        let name = after["name"] ?? nil
        switch type {
        case "project.created": return .object([id, JSONMember("data", ["name": name, "title": name])])
        case "project.updated": return .object([id, JSONMember("changes_requested", ["title": name])])
        case "rate_limit.updated":
            let limits: JSONValue = [
                "max_requests_per_1_minute": after["rpm"] ?? nil, "max_tokens_per_1_minute": after["tpm"] ?? nil,
                "max_requests_per_1_day": after["rpd"] ?? nil,
            ]
            return .object([id, JSONMember("changes_requested", limits)])
        default: return .object([id])
        }
    }

    private static func members(_ text: String?) -> [String: JSONValue] {
        guard case .object(let members) = state(text) else { return [:] }
        return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}
