import Proxy
import Tenancy

extension BackendStatus {
    /// The backend's state as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id),
            "name": .string(name),
            "pool": .string(pool),
            "healthy": .bool(healthy),
            "draining": .bool(draining),
            "in_flight": .integer(inFlight),
            "cooldown_until": .text(cooldownUntil?.rfc3339),
            "cooldown_reason": .text(cooldownReason),
            "last_error": .text(lastError),
            "ewma_latency_ms": ewmaLatencyMS.map { .number(MetricText.number($0)) } ?? .null,
        ]
    }
}
