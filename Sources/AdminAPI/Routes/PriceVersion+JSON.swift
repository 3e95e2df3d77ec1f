import Billing
import Tenancy

extension PriceVersion {
    /// The price as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id),
            "model": .string(model),
            "kind": .string(kind.rawValue),
            "backend_id": .text(backendID),
            "tier": .text(tier),
            "effective_from": .string(effectiveFrom.rfc3339),
            "published_at": .string(publishedAt.rfc3339),
            "per_million": .texts(rates.perMillion ?? [:]),
        ]
    }

    /// Reads a new price, published now.
    convenience init(_ body: JSONObject, at now: Timestamp) {
        let kind: PriceKind = body.optional("kind", .choice) ?? .tenant
        let backendID = body.nullable("backend_id", .reference).value
        if kind == .tenant, backendID != nil { body.fail("backend_id", "belongs to upstream prices only") }
        if body.has("per_unit") { body.fail("per_unit", "is not supported yet; price per_million") }
        self.init(
            id: ID<PriceVersion>.make(prefix: "prc", at: now).text,
            model: body.required("model", .reference, else: ""),
            kind: kind,
            backendID: backendID,
            tier: body.nullable("tier", .name).value,
            effectiveFrom: body.required("effective_from", .instant, else: now),
            publishedAt: now,
            rates: Self.rates(body)
        )
    }

    private static func rates(_ body: JSONObject) -> Rates {
        let none = Rates(input: 0, output: 0)
        guard let prices = body.object("per_million") else {
            if !body.has("per_million") { body.fail("per_million", "is required") }
            return none
        }
        do {
            return try Rates(perMillion: prices.rest(.amountText))
        } catch {
            let (field, detail, code) = describe(error)
            prices.fail(String(field.trimmingPrefix("per_million.")), detail, code: code)
            return none
        }
    }

    private static func describe(_ error: RatesError) -> (field: String, detail: String, code: String?) {
        switch error {
        case .missing(let field): (field, "is required; a price of zero must be explicit", nil)
        case .malformed(let field): (field, MoneyFault.text(.malformed), nil)
        case .tooManyFractionDigits(let field, let most): (field, "has more than \(most) fraction digits", nil)
        case .outOfRange(let field): (field, MoneyFault.text(.outOfRange), MoneyFault.code(.outOfRange))
        case .unknown(let field): (field, "is not a meter", nil)
        }
    }
}

extension FieldRule where Value == String {
    /// A decimal string, judged by whoever knows its scale.
    fileprivate static var amountText: FieldRule {
        FieldRule { value throws(FieldFault) in
            guard case .string(let text) = value else {
                throw FieldFault("must be a decimal string such as \"0.15\", not \(value.kind)")
            }
            return text
        }
    }
}
