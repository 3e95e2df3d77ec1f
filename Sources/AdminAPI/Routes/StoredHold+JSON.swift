public import Billing
public import Tenancy

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

    /// The audit row of its end by a charge or, with nil, by a release. What no request asked for is known by the row's
    /// own id.
    public func auditEntry(
        charge: Money?,
        by actor: String,
        at now: Timestamp,
        requestID: String? = nil
    ) -> AuditEntry {
        let entryID = ID<AuditEntry>.make(prefix: "aud", at: now)
        let after: JSONValue = ["charge": .text(charge?.decimal), "release": .bool(charge == nil)]
        return AuditEntry(
            id: entryID, at: now, actor: actor, action: "hold.resolve", subject: id.text, before: json.text,
            after: after.text, requestID: requestID ?? entryID.text)
    }
}
