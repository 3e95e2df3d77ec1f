import Tenancy

extension AuditRecord {
    /// The entry as the API shows it.
    var json: JSONValue {
        [
            "id": .string(entry.id.text),
            "seq": .integer(sequence),
            "at": .string(entry.at.rfc3339),
            "actor": .string(entry.actor),
            "action": .string(entry.action),
            "subject": .string(entry.subject),
            "before": Self.state(entry.before),
            "after": Self.state(entry.after),
            "request_id": .string(entry.requestID),
            "hash": .string(SecretBytes.hex(hash)),
        ]
    }

    /// The state as JSON; as text if it should not be any.
    static func state(_ text: String?) -> JSONValue {
        guard let text else { return .null }
        return (try? JSONParser.parse(Array(text.utf8))) ?? .string(text)
    }
}
