import Proxy

/// The metric families of pools and backends.
enum BackendFamilies {
    static func write(
        _ pools: [PoolStatus], _ proxy: ProxyMetricsSnapshot, _ text: inout MetricText
    ) {
        let backends = pools.flatMap(\.backends)
        let gauges: [(name: String, help: String, value: (BackendStatus) -> String?)] = [
            (
                "tollgate_backend_up", "1 unless its probes fail or real calls have it cooling.",
                { $0.healthy && $0.cooling == nil ? "1" : "0" }
            ),
            ("tollgate_backend_in_flight", "Attempts not yet finished.", { String($0.inFlight) }),
            (
                "tollgate_backend_cooling", "1 while it is skipped after failures or a 429.",
                {
                    $0.cooling == nil ? "0" : "1"
                }
            ),
            (
                "tollgate_backend_ewma_latency_seconds", "Smoothed time to first byte.",
                { $0.ewmaLatencyMS.map { MetricText.number($0 / 1000) } }
            ),
        ]
        for gauge in gauges {
            text.family(gauge.name, .gauge, gauge.help)
            for backend in backends {
                guard let value = gauge.value(backend) else { continue }
                text.sample(gauge.name, ["pool": backend.pool, "backend": backend.name], value)
            }
        }
        text.family("tollgate_backend_errors_total", .counter, "Failed attempts, by what they met.")
        for backend in backends {
            for (reason, count) in backend.errors.sorted(by: { $0.key < $1.key }) {
                text.sample(
                    "tollgate_backend_errors_total",
                    ["pool": backend.pool, "backend": backend.name, "reason": reason], String(count))
            }
        }
        text.family("tollgate_pool_waiting", .gauge, "Requests in the pool's queue.")
        for pool in pools { text.sample("tollgate_pool_waiting", ["pool": pool.name], String(pool.waiting)) }
        text.family("tollgate_emergency_total", .counter, "Attempts by emergency passthrough, by how they ended.")
        for (labels, count) in proxy.emergencies.sorted(by: { order($0.key) < order($1.key) }) {
            text.sample(
                "tollgate_emergency_total",
                ["pool": labels.pool, "backend": labels.backend, "outcome": labels.outcome], String(count))
        }
        let anomalies = "tollgate_usage_anomalies_total"
        text.family(anomalies, .counter, "Reports of usage that cannot be, by what is wrong.")
        for (labels, count) in proxy.anomalies.sorted(by: { order($0.key) < order($1.key) }) {
            text.sample(
                anomalies, ["pool": labels.pool, "backend": labels.backend, "reason": labels.reason.rawValue],
                String(count))
        }
    }

    private static func order(_ labels: UsageAnomalyLabels) -> (String, String, String) {
        (labels.pool, labels.backend, labels.reason.rawValue)
    }

    private static func order(_ labels: EmergencyLabels) -> (String, String, String) {
        (labels.pool, labels.backend, labels.outcome)
    }
}
