import Billing
import Tenancy

extension Credit {
    /// The credit as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "tenant_id": .string(tenantID.text),
            "amount": .string(amount.decimal),
            "kind": .string(kind.rawValue),
            "note": .text(note),
            "created_at": .string(createdAt.rfc3339),
            "created_by": .string(createdBy),
        ]
    }

    /// Reads a new credit.
    init(_ body: JSONObject, of tenant: ID<Tenant>, by actor: String, at now: Timestamp) {
        self.init(
            id: ID.make(prefix: "crd", at: now), tenantID: tenant,
            amount: body.required("amount", .someMoney, else: .zero),
            kind: body.required("kind", .choice, else: .prepaid),
            note: body.nullable("note", .label(atMost: 256)).value, createdAt: now, createdBy: actor
        )
    }

    /// What a tenant has of each kind and in all.
    static func json(_ sums: [Kind: Money]) -> JSONValue {
        let each = Kind.allCases.map { kind in
            JSONMember(kind.rawValue, .string((sums[kind] ?? .zero).decimal))
        }
        let total = sums.values.reduce(.zero, +)
        return .object(each + [JSONMember("total", .string(total.decimal))])
    }
}

extension FieldRule where Value == Money {
    /// An amount of US dollars above zero.
    fileprivate static var someMoney: FieldRule {
        FieldRule(FieldRule.money.schema) { value throws(FieldFault) in
            let amount = try FieldRule.money.read(value)
            if amount == .zero { throw FieldFault("must be above 0") }
            return amount
        }
    }
}
