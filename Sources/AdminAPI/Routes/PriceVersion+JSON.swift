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
            "tenant_id": .text(tenantID?.text),
            "tier": .text(tier),
            "above_tokens": .integer(aboveTokens),
            "effective_from": .string(effectiveFrom.rfc3339),
            "published_at": .string(publishedAt.rfc3339),
            "per_million": rates.perMillion.map { .texts($0) } ?? .null,
            "per_unit": .texts(rates.perUnit),
        ]
    }

    /// Reads a new price, published now.
    convenience init(_ body: JSONObject, at now: Timestamp) {
        let kind: PriceKind = body.optional("kind", .choice) ?? .tenant
        let backendID = body.nullable("backend_id", .reference).value
        let tenantID = body.nullable("tenant_id", .reference).value
        if kind == .upstream, tenantID != nil { body.fail("tenant_id", "belongs to tenant prices only") }
        if kind == .tenant, backendID != nil { body.fail("backend_id", "belongs to upstream prices only") }
        self.init(
            id: ID<PriceVersion>.make(prefix: "prc", at: now).text,
            model: body.required("model", .name, else: ""),
            kind: kind,
            backendID: backendID,
            tenantID: tenantID.map { ID($0) },
            tier: body.nullable("tier", .name).value,
            aboveTokens: body.nullable("above_tokens", .integer(1...TokenUsage.lineMaximum)).value,
            effectiveFrom: body.required("effective_from", .instant, else: now),
            publishedAt: now,
            rates: Self.rates(body)
        )
    }

    private static func rates(_ body: JSONObject) -> Rates {
        let none = Rates(input: 0, output: 0)
        body.require("per_million")
        let units = body.object("per_unit")
        let perUnit = units?.rest(.amountText) ?? [:]
        let tokens = body.nullableObject("per_million")
        var perMillion: [String: String]?
        switch tokens {
        case .keep: return none
        case .clear: break
        case .set(let prices):
            prices.expect("input", "output", rule: .amountText)
            perMillion = prices.rest(.amountText)
        }
        do {
            return try Rates(perMillion: perMillion, perUnit: perUnit)
        } catch {
            let (field, detail, code) = describe(error)
            let path = field.split(separator: ".", maxSplits: 1).map(String.init)
            let parent = path.count == 1 ? body : path[0] == "per_unit" ? units : tokens.value
            parent?.fail(path[path.count - 1], detail, code: code)
            return none
        }
    }

    private static func describe(_ error: RatesError) -> (field: String, detail: String, code: String?) {
        switch error {
        case .missing("per_unit"): ("per_unit", "needs a price where per_million is null", nil)
        case .missing(let field): (field, "is required; a price of zero must be explicit", nil)
        case .malformed(let field): (field, MoneyFault.text(.malformed), nil)
        case .tooManyFractionDigits(let field, let most): (field, "has more than \(most) fraction digits", nil)
        case .outOfRange(let field): (field, MoneyFault.text(.outOfRange), MoneyFault.code(.outOfRange))
        case .unknown(let field): (field, "is not a meter priced here", nil)
        }
    }
}

extension FieldRule where Value == String {
    /// A decimal string, judged by whoever knows its scale.
    fileprivate static var amountText: FieldRule {
        FieldRule(["type": "string", "pattern": "^[0-9]+([.][0-9]{1,12})?$"]) { value throws(FieldFault) in
            guard case .string(let text) = value else {
                throw FieldFault("must be a decimal string such as \"0.15\", not \(value.kind)")
            }
            return text
        }
    }
}
