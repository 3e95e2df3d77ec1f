import Billing
import Tenancy

extension Correction {
    /// The correction as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "corrects_period": .string(correctsPeriod.text),
            "period": .string(BillingPeriod(containing: createdAt).text),
            "tenant_id": .string(tenantID.text),
            "key_id": .text(keyID?.text),
            "model": .text(model.isEmpty ? nil : model),
            "pool": .text(pool.isEmpty ? nil : pool),
            "amount": .string(amount.decimal),
            "reason": .string(reason),
            "created_at": .string(createdAt.rfc3339),
            "created_by": .string(createdBy),
        ]
    }

    /// Reads a new correction of a month.
    init(_ body: JSONObject, of month: BillingPeriod, by actor: String, at now: Timestamp) {
        self.init(
            id: ID.make(prefix: "cor", at: now), correctsPeriod: month,
            tenantID: ID(body.required("tenant_id", .reference, else: "")),
            keyID: body.nullable("key_id", .reference).value.map { ID($0) },
            model: body.nullable("model", .label(atMost: 128)).value ?? "",
            pool: body.nullable("pool", .label(atMost: 128)).value ?? "",
            amount: body.required("amount", .correctionAmount, else: .zero),
            reason: body.required("reason", .label(atMost: 512), else: ""), createdAt: now, createdBy: actor)
    }
}

extension FieldRule where Value == Money {
    /// An amount of US dollars that one ledger line can hold, with a minus sign to give money back; not zero.
    fileprivate static var correctionAmount: FieldRule {
        FieldRule(["type": "string", "pattern": "^-?[0-9]+([.][0-9]{1,12})?$", "examples": ["-1.50"]]) {
            value throws(FieldFault) in
            guard case .string(let text) = value, text.hasPrefix("-") else {
                return try bounded(try FieldRule.money.read(value))
            }
            let amount = try bounded(try FieldRule.money.read(.string(String(text.dropFirst()))))
            return Money(pico: -amount.pico)
        }
    }

    private static func bounded(_ amount: Money) throws(FieldFault) -> Money {
        if amount == .zero { throw FieldFault("must not be 0") }
        if amount > .lineMaximum { throw FieldFault("is out of range", code: "amount_out_of_range") }
        return amount
    }
}
