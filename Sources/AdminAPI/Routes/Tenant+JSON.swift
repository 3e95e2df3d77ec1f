import Tenancy

extension Tenant {
    /// The tenant as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "name": .string(name),
            "time_zone": .string(timeZone),
            "tags": .texts(tags),
            "price_multiplier": .string(FixedPoint.text(priceMultiplierPPM, fractionDigits: 6)),
            "on_insufficient": .string(onInsufficient.rawValue),
            "trim_floor": .integer(trimFloor),
            "hold_wait_ms": .integer(holdWaitMS),
            "uncertain_release_after": .text(uncertainReleaseAfterSeconds.map { "\($0)s" }),
            "suspended": .bool(suspended),
            "created_at": .string(createdAt.rfc3339),
            "archived_at": .text(archivedAt?.rfc3339),
        ]
    }

    /// Reads the fields that POST and PATCH share; `name` is the caller's.
    mutating func read(settings body: JSONObject) {
        if let zone = body.optional("time_zone", .reference) {
            if CalendarZone(identifier: zone) == nil {
                body.fail("time_zone", "is not an IANA time zone such as Europe/Rome")
            }
            timeZone = zone
        }
        tags = body.optional("tags", .tags) ?? tags
        priceMultiplierPPM = body.optional("price_multiplier", .factor) ?? priceMultiplierPPM
        onInsufficient = body.optional("on_insufficient", .choice) ?? onInsufficient
        trimFloor = body.optional("trim_floor", .integer(1...2_147_483_647)) ?? trimFloor
        holdWaitMS = body.optional("hold_wait_ms", .integer(0...600_000)) ?? holdWaitMS
        switch body.nullable("uncertain_release_after", .duration(1000...31_536_000_000)) {
        case .keep: break
        case .clear: uncertainReleaseAfterSeconds = nil
        case .set(let milliseconds):
            if milliseconds % 1000 != 0 { body.fail("uncertain_release_after", "must be whole seconds") }
            uncertainReleaseAfterSeconds = milliseconds / 1000
        }
    }
}
