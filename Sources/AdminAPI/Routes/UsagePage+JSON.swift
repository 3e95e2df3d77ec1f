import Billing
import Tenancy

extension UsagePage {
    /// The page as the API shows it; backends that still exist have a name, by id.
    func json(_ groups: [UsageGroup], backendNames: [String: String]) -> JSONValue {
        [
            "data": .array(
                buckets.map { bucket in
                    [
                        "start": .string(bucket.span.start.rfc3339),
                        "end": .string(bucket.span.end.rfc3339),
                        "results": .array(bucket.rows.map { json($0, groups, backendNames) }),
                    ]
                }),
            "has_more": .bool(next != nil),
            "next": .text(next?.text),
        ]
    }

    private func json(_ row: UsageRow, _ groups: [UsageGroup], _ backendNames: [String: String]) -> JSONValue {
        var members: [JSONMember] = []
        for (group, value) in zip(groups, row.values) {
            members.append(JSONMember(group.text, value.isEmpty ? .null : .string(value)))
            switch group {
            case .tenant: members.append(JSONMember("tenant_name", .text(tenantNames[value])))
            case .key: members.append(JSONMember("key_name", .text(keyNames[value])))
            case .backend: members.append(JSONMember("backend_name", .text(backendNames[value])))
            case .model, .pool, .meter, .tag: break
            }
        }
        members.append(JSONMember("requests", .integer(row.requests)))
        members.append(JSONMember("tokens", row.usage.json))
        members.append(JSONMember("cost", .string(row.cost.decimal)))
        return .object(members)
    }
}

extension TokenUsage {
    /// Counts by meter: input and output always, the others where there are some.
    var json: JSONValue {
        .object(
            Meter.allCases.filter { self[$0] != 0 || $0 == .input || $0 == .output }
                .map { JSONMember($0.rawValue, .integer(self[$0])) })
    }
}
