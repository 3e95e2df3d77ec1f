import Proxy

extension PoolDefinition {
    /// The pool as the API shows it.
    var json: JSONValue {
        [
            "name": .string(name),
            "policy": .string(policy.rawValue),
            "queue": ["max": .integer(queueMax), "timeout": .string(DurationText.text(queueTimeoutMS))],
            "affinity": .string(affinity),
        ]
    }

    /// Reads the fields that POST and PATCH share.
    mutating func read(settings body: JSONObject) {
        policy = body.optional("policy", .choice) ?? policy
        if let queue = body.object("queue") {
            queueMax = queue.optional("max", .count(0...100_000)) ?? queueMax
            queueTimeoutMS = queue.optional("timeout", .duration(0...600_000)) ?? queueTimeoutMS
        }
        if let choice: PoolAffinity = body.optional("affinity", .choice) { affinity = choice.rawValue }
    }
}
