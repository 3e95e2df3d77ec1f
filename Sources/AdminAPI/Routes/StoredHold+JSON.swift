import Billing
import Tenancy

extension StoredHold {
    /// The hold as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "request_id": .string(id.request),
            "attempt": .integer(id.attempt),
            "state": .string(isUncertain ? "uncertain" : "live"),
            "tenant_id": .string(tenantID.text),
            "key_id": .string(keyID.text),
            "model": .string(model),
            "pool": .string(pool),
            "backend_id": backendID.isEmpty ? .null : .string(backendID),
            "amount": .string(amount.decimal),
            "admitted_at": .string(admittedAt.rfc3339),
        ]
    }
}
