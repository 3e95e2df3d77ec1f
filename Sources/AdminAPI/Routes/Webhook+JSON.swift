import Billing
import Proxy
import Tenancy

extension Webhook {
    /// The webhook as the API shows it: never its secret.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "url": .string(url),
            "events": .texts(events),
            "enabled": .bool(disabledAt == nil),
            "failing_since": .text(failingSince?.rfc3339),
            "disabled_at": .text(disabledAt?.rfc3339),
            "disabled_reason": .text(disabledReason),
            "dropped": .integer(dropped),
            "created_at": .string(createdAt.rfc3339),
        ]
    }

    /// Reads a new webhook; without `events` it wants them all.
    init(_ body: JSONObject, at now: Timestamp) {
        self.init(
            id: ID.make(prefix: "whk", at: now), url: body.required("url", .webAddress, else: ""),
            events: body.optional("events", .alertKinds) ?? AlertEvent.Kind.allCases.map(\.rawValue), createdAt: now
        )
    }
}

extension WebhookDelivery {
    /// The delivery as the log shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "message_id": .string(messageID),
            "event": .string(event),
            "state": .string(state.rawValue),
            "attempts": .integer(attempts),
            "created_at": .string(createdAt.rfc3339),
            "next_attempt_at": .text(nextAt?.rfc3339),
            "last_attempt_at": .text(lastAt?.rfc3339),
            "status": .integer(status),
            "error": .text(error),
            "latency_ms": .integer(milliseconds),
        ]
    }
}

extension FieldRule where Value == String {
    /// An absolute http or https URL without user or fragment; a query is allowed.
    fileprivate static var webAddress: FieldRule {
        FieldRule([
            "type": "string", "format": "uri", "minLength": .integer(1), "maxLength": .integer(2048),
            "examples": ["http://127.0.0.1:9002/hook"],
        ]) {
            value throws(FieldFault) in
            let text = try FieldRule.text(atMost: 2048).read(value)
            let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let isQuery = parts.dropFirst().allSatisfy { query in
                query.utf8.allSatisfy { 0x21...0x7E ~= $0 && !#"#\"<>^`{|}"#.utf8.contains($0) }
            }
            guard let address = parts.first, BackendAddress(String(address)) != nil, isQuery else {
                throw FieldFault("must be an absolute http or https URL without user and fragment")
            }
            return text
        }
    }
}

extension FieldRule where Value == [String] {
    /// At least one of the events there are, each once, in their own order.
    fileprivate static var alertKinds: FieldRule {
        FieldRule([
            "type": "array", "minItems": .integer(1), "maxItems": .integer(64),
            "items": ["type": "string", "enum": .texts(AlertEvent.Kind.allCases.map(\.rawValue))],
        ]) { value throws(FieldFault) in
            let names = Set(try FieldRule.texts(.text(atMost: 64), atMost: 64).read(value))
            let known = AlertEvent.Kind.allCases.map(\.rawValue)
            guard !names.isEmpty, names.isSubset(of: known) else {
                throw FieldFault("must hold at least one of \(known.joined(separator: ", ")) and nothing else")
            }
            return known.filter(names.contains)
        }
    }
}
