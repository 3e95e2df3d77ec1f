import Billing
import Tenancy

extension Budget {
    /// The budget as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "tenant_id": .string(tenantID.text),
            "key_id": .text(keyID?.text),
            "model": .text(model),
            "pool": .text(pool),
            "limit": .string(limit.decimal),
            "window": .string(window.rawValue),
            "mode": .string(mode.rawValue),
            "alerts_at": .array(alertsAt.map(JSONValue.number)),
            "alert_amounts": .texts(alertAmounts.map(\.decimal)),
            "created_at": .string(createdAt.rfc3339),
        ]
    }

    /// Reads a new budget.
    init(_ body: JSONObject, at now: Timestamp) {
        self.init(
            id: ID.make(prefix: "bud", at: now),
            tenantID: ID(body.required("tenant_id", .reference, else: "")),
            keyID: body.nullable("key_id", .reference).value.map { ID($0) },
            model: body.nullable("model", .reference).value,
            pool: body.nullable("pool", .reference).value,
            limit: body.required("limit", .money, else: .zero),
            window: body.required("window", .choice, else: .total),
            mode: body.optional("mode", .choice) ?? .hard,
            alertsAt: body.optional("alerts_at", .fractions) ?? [],
            createdAt: now
        )
    }

    /// Reads what PATCH may change; everything else is the budget's identity.
    mutating func read(settings body: JSONObject) {
        limit = body.optional("limit", .money) ?? limit
        alertsAt = body.optional("alerts_at", .fractions) ?? alertsAt
    }
}

extension BudgetState {
    /// The figures as the API shows them.
    var json: JSONValue {
        [
            "id": .string(budget.id.text),
            "limit": .string(limit.decimal),
            "posted": .string(posted.decimal),
            "held": .string(held.decimal),
            "remaining": .string(remaining.decimal),
            "window": .string(budget.window.rawValue),
            "window_start": .text(windowStart?.rfc3339),
            "resets_at": .text(resetsAt?.rfc3339),
            "would_refuse": .integer(wouldRefuse),
            "raises": .array(
                raises.map { raise in
                    [
                        "id": .string(raise.id.text),
                        "limit": .string(raise.limit.decimal),
                        "until": .string(raise.until.rfc3339),
                    ]
                }),
        ]
    }
}

extension FieldRule where Value == [String] {
    /// Up to 16 fractions above 0 and at most 10, as numbers or strings, kept as shortest decimals in rising order.
    fileprivate static var fractions: FieldRule {
        FieldRule(["type": "array", "maxItems": .integer(16), "items": ["type": ["number", "string"]]]) {
            value throws(FieldFault) in
            guard case .array(let values) = value else { throw FieldFault("must be an array, not \(value.kind)") }
            guard values.count <= 16 else { throw FieldFault("holds more than 16 items") }
            var fractions: Set<Int64> = []
            for (index, value) in values.enumerated() {
                let text = try FieldRule<Int64>.decimalText(value)
                guard let fraction = FixedPoint.read(text, fractionDigits: 6), 1...10_000_000 ~= fraction else {
                    throw FieldFault("must be above 0 and at most 10", at: "/\(index)")
                }
                fractions.insert(fraction)
            }
            return fractions.sorted().map { FixedPoint.text($0, fractionDigits: 6) }
        }
    }
}
