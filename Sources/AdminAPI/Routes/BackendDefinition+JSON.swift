import Proxy
import Tenancy

extension BackendDefinition {
    private static var wait: ClosedRange<Int64> { 1...86_400_000 }

    /// The backend as the API shows it; never its credential.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "pool": .string(pool),
            "name": .string(name),
            "kind": .string(kind.rawValue),
            "base_url": .string(baseURL),
            "has_api_key": .bool(sealedKey != nil),
            "weight": .integer(weight),
            "max_concurrency": .integer(maxConcurrency),
            "rpm": .integer(rpm),
            "timeouts": [
                "connect": .string(DurationText.text(connectMS)),
                "first_byte": .string(DurationText.text(firstByteMS)),
                "idle": .string(DurationText.text(idleMS)),
                "total": .string(DurationText.text(totalMS)),
                "min_rate": .integer(minRate),
            ],
            "probe": probe?.json ?? .null,
            "on_disconnect": .string(onDisconnect.rawValue),
            "on_unanswered": .string(onUnanswered.rawValue),
            "draining": .bool(draining),
        ]
    }

    /// Reads the fields that POST and PATCH share; `name` and `api_key` are the caller's.
    mutating func read(settings body: JSONObject) {
        kind = body.optional("kind", .choice) ?? kind
        baseURL = body.optional("base_url", .baseURL) ?? baseURL
        weight = body.optional("weight", .count(1...1_000_000)) ?? weight
        body.nullable("max_concurrency", .count(1...1_000_000)).apply(to: &maxConcurrency)
        body.nullable("rpm", .count(1...1_000_000_000)).apply(to: &rpm)
        if let timeouts = body.object("timeouts") {
            connectMS = timeouts.optional("connect", .duration(Self.wait)) ?? connectMS
            firstByteMS = timeouts.optional("first_byte", .duration(Self.wait)) ?? firstByteMS
            idleMS = timeouts.optional("idle", .duration(Self.wait)) ?? idleMS
            totalMS = timeouts.optional("total", .duration(Self.wait)) ?? totalMS
            minRate = timeouts.optional("min_rate", .integer(0...1_000_000_000)) ?? minRate
        }
        switch body.nullableObject("probe") {
        case .keep: break
        case .clear: probe = nil
        case .set(let settings):
            var next = probe ?? ProbeDefinition(path: settings.required("path", .probePath, else: "/"))
            next.read(settings: settings)
            probe = next
        }
        onDisconnect = body.optional("on_disconnect", .choice) ?? onDisconnect
        onUnanswered = body.optional("on_unanswered", .choice) ?? onUnanswered
    }
}

extension ProbeDefinition {
    fileprivate var json: JSONValue {
        [
            "path": .string(path),
            "interval": .string(DurationText.text(intervalMS)),
            "unhealthy_after": .integer(unhealthyAfter),
            "healthy_after": .integer(healthyAfter),
        ]
    }

    fileprivate mutating func read(settings body: JSONObject) {
        path = body.optional("path", .probePath) ?? path
        intervalMS = body.optional("interval", .duration(100...86_400_000)) ?? intervalMS
        unhealthyAfter = body.optional("unhealthy_after", .count(1...1000)) ?? unhealthyAfter
        healthyAfter = body.optional("healthy_after", .count(1...1000)) ?? healthyAfter
    }
}

extension FieldRule where Value == String {
    /// An http or https URL without user, query or fragment; the trailing slash is dropped.
    static var baseURL: FieldRule {
        FieldRule([
            "type": "string", "format": "uri", "maxLength": .integer(2048), "examples": ["http://127.0.0.1:9001/v1"],
        ]) { value throws(FieldFault) in
            var text = try FieldRule.text(atMost: 2048).read(value)
            guard BackendAddress(text) != nil else {
                throw FieldFault("must be an http or https URL without user, query or fragment")
            }
            while text.hasSuffix("/") { text.removeLast() }
            return text
        }
    }

    /// A path from the origin's root.
    fileprivate static var probePath: FieldRule {
        FieldRule(["type": "string", "pattern": "^/", "maxLength": .integer(1024)]) { value throws(FieldFault) in
            let text = try FieldRule.text(atMost: 1024).read(value)
            guard text.hasPrefix("/"), text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw FieldFault("must be a path that begins with /")
            }
            return text
        }
    }

    /// A credential as it goes into a header.
    static var credential: FieldRule {
        FieldRule(["type": "string", "writeOnly": true, "minLength": .integer(1), "maxLength": .integer(4096)]) {
            value throws(FieldFault) in
            let text = try FieldRule.text(atMost: 4096).read(value)
            guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw FieldFault("must be printable ASCII without spaces")
            }
            return text
        }
    }
}
