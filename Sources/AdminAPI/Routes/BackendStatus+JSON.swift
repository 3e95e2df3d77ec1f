import Proxy
import Tenancy

extension BackendStatus {
    /// The backend's state as the API shows it.
    var json: JSONValue {
        [
            "id": .string(id),
            "name": .string(name),
            "pool": .string(pool),
            "state": .string(state.rawValue),
            "healthy": .bool(healthy),
            "draining": .bool(draining),
            "in_flight": .integer(inFlight),
            "cooling": cooling.map {
                ["until": .string($0.until.rfc3339), "reason": .string($0.reason)]
            } ?? .null,
            "last_error": lastError.map { ["text": .string($0.text), "at": .string($0.at.rfc3339)] } ?? .null,
            "ewma_latency_ms": ewmaLatencyMS.map { .number(MetricText.number($0)) } ?? .null,
        ]
    }
}
