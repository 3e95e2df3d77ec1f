import Foundation
import GRDB
import Tenancy

/// Rows to definitions and back.
extension RoutingStore {
    static let backendColumns = [
        "id", "pool", "name", "kind", "base_url", "sealed_key", "key_version", "weight", "max_concurrency", "rpm",
        "connect_ms", "first_byte_ms", "idle_ms", "total_ms", "min_rate", "probe_path",
        "probe_interval_ms", "probe_unhealthy_after", "probe_healthy_after", "on_disconnect", "on_unanswered",
        "draining",
    ]

    static func pool(_ row: Row) -> PoolDefinition {
        PoolDefinition(
            name: row["name"],
            policy: PoolPolicy(rawValue: row["policy"]) ?? .leastBusy,
            queueMax: row["queue_max"],
            queueTimeoutMS: row["queue_timeout_ms"],
            affinity: row["affinity"]
        )
    }

    static func backend(_ row: Row) -> BackendDefinition {
        let kind = BackendKind(rawValue: row["kind"])
        var backend = BackendDefinition(
            id: ID(row["id"]),
            pool: row["pool"],
            name: row["name"],
            kind: kind ?? .openai,
            baseURL: row["base_url"]
        )
        let sealed: Data? = row["sealed_key"]
        backend.sealedKey = sealed.map { Array($0) }
        backend.keyVersion = row["key_version"]
        backend.weight = row["weight"]
        backend.maxConcurrency = row["max_concurrency"]
        backend.rpm = row["rpm"]
        backend.connectMS = row["connect_ms"]
        backend.firstByteMS = row["first_byte_ms"]
        backend.idleMS = row["idle_ms"]
        backend.totalMS = row["total_ms"]
        backend.minRate = row["min_rate"]
        backend.probe = probe(row)
        // What nobody can read loses no usage and no charge.
        backend.onDisconnect = OnDisconnect(rawValue: row["on_disconnect"]) ?? .drain
        backend.onUnanswered = OnUnanswered(rawValue: row["on_unanswered"]) ?? .charge
        // Nobody knows what to ask of one whose kind cannot be read.
        backend.draining = row["draining"] || kind == nil
        return backend
    }

    /// A number that is not there beside the path is the standard one.
    private static func probe(_ row: Row) -> ProbeDefinition? {
        guard let path = row["probe_path"] as String? else { return nil }
        var probe = ProbeDefinition(path: path)
        probe.intervalMS = row["probe_interval_ms"] ?? probe.intervalMS
        probe.unhealthyAfter = row["probe_unhealthy_after"] ?? probe.unhealthyAfter
        probe.healthyAfter = row["probe_healthy_after"] ?? probe.healthyAfter
        return probe
    }

    static func arguments(_ backend: BackendDefinition) -> StatementArguments {
        [
            "id": backend.id.text,
            "pool": backend.pool,
            "name": backend.name,
            "kind": backend.kind.rawValue,
            "base_url": backend.baseURL,
            "sealed_key": backend.sealedKey.map { Data($0) },
            "key_version": backend.keyVersion,
            "weight": backend.weight,
            "max_concurrency": backend.maxConcurrency,
            "rpm": backend.rpm,
            "connect_ms": backend.connectMS,
            "first_byte_ms": backend.firstByteMS,
            "idle_ms": backend.idleMS,
            "total_ms": backend.totalMS,
            "min_rate": backend.minRate,
            "probe_path": backend.probe?.path,
            "probe_interval_ms": backend.probe?.intervalMS,
            "probe_unhealthy_after": backend.probe?.unhealthyAfter,
            "probe_healthy_after": backend.probe?.healthyAfter,
            "on_disconnect": backend.onDisconnect.rawValue,
            "on_unanswered": backend.onUnanswered.rawValue,
            "draining": backend.draining,
        ]
    }

    static func model(_ row: Row, targets: [Row]) -> ModelDefinition {
        ModelDefinition(
            name: row["name"],
            targets: targets.map {
                ModelTarget(
                    pool: $0["pool"],
                    upstreamModel: $0["upstream_model"],
                    maxTokensParam: MaxTokensParam(rawValue: $0["max_tokens_param"]) ?? .maxTokens
                )
            },
            maxOutputTokens: row["max_output_tokens"],
            contextWindow: row["context_window"],
            inputOverheadTokens: row["input_overhead_tokens"],
            partTokensMax: row["part_tokens_max"],
            audioSecondsMax: row["audio_seconds_max"],
            createdAt: Timestamp(microseconds: row["created_at"])
        )
    }
}
