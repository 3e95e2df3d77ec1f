import Billing
import Hummingbird
import Proxy
import Tenancy

/// `/status`: how the gateway is, in one answer.
struct StatusRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("status", .viewers, .one("How the gateway is", .status), use: show),
            get("status/history", .viewers, .one("The traffic of the last hour", .trafficHistory), use: history),
        ]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let pools = plane.router.status()
        let counters = plane.ledger.counters
        let commits = counters.journal.commits
        let meanNanoseconds = commits == 0 ? 0 : counters.journal.commitNanoseconds / Int64(clamping: commits)
        return .json([
            "version": .string(plane.version),
            "now": .string(plane.time.now().rfc3339),
            "pools": .array(
                pools.map { pool in
                    [
                        "name": .string(pool.name), "waiting": .integer(pool.waiting),
                        "backends": .array(pool.backends.map(\.json)),
                    ]
                }),
            "journal": [
                "writable": .bool(counters.journal.isWritable),
                "pending": .integer(counters.journal.pending),
                "commits": .integer(commits),
                "failures": .integer(counters.journal.failures),
                "mean_commit_seconds": .number(MetricText.seconds(nanoseconds: meanNanoseconds)),
            ],
            "holds": [
                "live": .integer(counters.liveHolds),
                "uncertain": .integer(counters.uncertainHolds),
                "waiting": .integer(counters.waiting),
            ],
            "traffic": plane.traffic.current().json,
        ])
    }

    /// The traffic's counters of the last hour, the earliest first: rates are differences of any two.
    private func history(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(["data": .array(plane.traffic.samples().map(\.json))])
    }
}
