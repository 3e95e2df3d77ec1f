/// One of each thing that is read only: what was used, what happened, how it stands.
extension Sample {
    private static let tokens: JSONValue = ["input": .integer(0), "output": .integer(0)]
    private static let figures: [JSONMember] = [
        JSONMember("requests", .integer(0)), JSONMember("refused", .integer(0)), JSONMember("refused_cost", ""),
        JSONMember("first_refused_at", nil),
    ]

    static let budgetState = Sample(
        "BudgetState",
        [
            "id": "", "limit": "", "posted": "", "held": "", "remaining": "", "window": "", "window_start": nil,
            "resets_at": nil, "would_refuse": .integer(0), "raises": [["id": "", "limit": "", "until": ""]],
        ])

    static let dryRun = Sample(
        "DryRun",
        .object(
            [
                JSONMember("budget_id", ""), JSONMember("days", .integer(0)), JSONMember("limit", ""),
                JSONMember("window", ""), JSONMember("from", ""), JSONMember("to", ""),
            ] + figures + [
                JSONMember(
                    "windows",
                    [
                        .object(
                            [
                                JSONMember("window_start", nil), JSONMember("resets_at", nil), JSONMember("spent", ""),
                            ] + figures)
                    ]),
                JSONMember("by_key", [.object([JSONMember("key_id", "")] + figures)]),
                JSONMember("by_model", [.object([JSONMember("model", "")] + figures)]),
            ]))

    static let hold = Sample(
        "Hold",
        [
            "id": "", "request_id": "", "attempt": .integer(1), "state": "", "tenant_id": "", "key_id": "",
            "model": "", "pool": "", "backend_id": nil, "amount": "", "admitted_at": "",
        ])

    static let request = Sample(
        "Request",
        [
            "id": "", "tenant_id": "", "key_id": "", "model": "", "admitted_at": "", "ended_at": nil, "status": nil,
            "outcome": nil, "provenance": nil, "stream": false, "tokens": tokens, "cost": "",
            "attempts": [
                [
                    "attempt": .integer(1), "entries": [""], "pool": "", "backend_id": nil, "backend_name": nil,
                    "ended_at": "", "status": nil, "outcome": "", "provenance": "", "emergency": false,
                    "tokens": tokens, "cost": "", "excess": "", "list_cost": "", "upstream_cost": nil,
                    "price_version": nil, "price_multiplier": "",
                ]
            ],
        ])

    static let usage = Sample(
        "UsageBucket",
        [
            "start": "", "end": "",
            "results": [
                [
                    "tenant?": nil, "tenant_name?": nil, "key?": nil, "key_name?": nil, "model?": nil, "pool?": nil,
                    "backend?": nil, "backend_name?": nil, "meter?": nil, "tag:*": nil, "requests": .integer(0),
                    "tokens": tokens, "cost": "",
                ]
            ],
        ])

    static let auditEntry = Sample(
        "AuditEntry",
        [
            "id": "", "seq": .integer(1), "at": "", "actor": "", "action": "", "subject": "", "before": nil,
            "after": nil, "request_id": "", "hash": "",
        ])

    static let backendStatus = Sample(
        "BackendStatus",
        [
            "id": "", "name": "", "pool": "", "state": "", "healthy": true, "draining": false,
            "in_flight": .integer(0), "cooling": nil, "last_error": nil, "ewma_latency_ms": nil,
        ])

    static let probe = Sample(
        "ProbeResult",
        ["passed": true, "status": nil, "latency_ms": .integer(0), "error": nil, "healthy": true])

    static let status = Sample(
        "Status",
        [
            "version": "", "now": "",
            "pools": [["name": "", "waiting": .integer(0), "backends": [backendStatus.json]]],
            "journal": [
                "writable": true, "pending": .integer(0), "commits": .integer(0), "failures": .integer(0),
                "mean_commit_seconds": .integer(0),
            ],
            "holds": ["live": .integer(0), "uncertain": .integer(0), "waiting": .integer(0)],
            "traffic": traffic,
        ])

    private static let histogram: JSONValue = ["bounds": [], "counts": []]
    private static let traffic: JSONValue = [
        "at": "", "outcomes": [:], "overhead_seconds": histogram, "time_to_first_token_seconds": histogram,
    ]
    static let trafficHistory = Sample("TrafficHistory", ["data": [traffic]])
    static let whoami = Sample(
        "Whoami",
        ["actor": "", "name": nil, "role": "", "expires_at": nil, "calls": [["method": "", "path": ""]]])
}
