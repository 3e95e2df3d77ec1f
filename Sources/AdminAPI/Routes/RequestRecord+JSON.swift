import Billing
import Tenancy

extension RequestRecord {
    /// The request as the API shows it; how it ended is how its last attempt did.
    func json(backendNames: [String: String]) -> JSONValue {
        let last = attempts.last
        return [
            "id": .string(id),
            "tenant_id": .string(tenantID),
            "key_id": .string(keyID),
            "model": .string(model),
            "admitted_at": .string(admittedAt.rfc3339),
            "ended_at": .text(last?.endedAt.rfc3339),
            "status": last.map { $0.statusJSON } ?? .null,
            "outcome": .text(last?.outcome),
            "provenance": .text(last?.provenance),
            "stream": .bool(last?.stream ?? false),
            "tokens": usage.json,
            "cost": .string(cost.decimal),
            "attempts": .array(attempts.map { $0.json(backendNames) }),
        ]
    }
}

extension RequestRecord.Attempt {
    /// No status, no head of an answer.
    fileprivate var statusJSON: JSONValue { status == 0 ? .null : .integer(status) }

    fileprivate func json(_ backendNames: [String: String]) -> JSONValue {
        [
            "attempt": .integer(number),
            "entries": .texts(entries),
            "pool": .string(pool),
            "backend_id": .text(backendID.isEmpty ? nil : backendID),
            "backend_name": .text(backendNames[backendID]),
            "ended_at": .string(endedAt.rfc3339),
            "status": statusJSON,
            "outcome": .string(outcome),
            "provenance": .string(provenance),
            "emergency": .bool(emergency),
            "tokens": usage.json,
            "cost": .string(cost.decimal),
            "excess": .string(excess.decimal),
            "list_cost": .string(listCost.decimal),
            "upstream_cost": .text(upstreamCost?.decimal),
            "price_version": .text(priceVersion),
            "price_multiplier": .string(FixedPoint.text(multiplierPPM, fractionDigits: 6)),
        ]
    }
}
