import Tenancy

extension Entitlement {
    /// The entitlement as the API shows it.
    var json: JSONValue {
        ["pool": .string(pool), "models": .texts(models)]
    }

    /// Reads `{"pools":[{"pool":…,"models":[…]}]}`.
    static func list(_ body: JSONObject) -> [Entitlement] {
        body.require("pools")
        var seen: Set<String> = []
        return (body.objects("pools", atMost: 1000) ?? []).map { item in
            let entitlement = Entitlement(
                pool: item.required("pool", .reference, else: ""),
                models: item.optional("models", .texts(.reference, atMost: 1000)) ?? ["*"]
            )
            if !seen.insert(entitlement.pool).inserted { item.fail("pool", "is named twice") }
            return entitlement
        }
    }
}
