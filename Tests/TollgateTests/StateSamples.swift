import Testing

@testable import Tollgate

/// A state file, and servers in the state it asks for or on the way there.
enum StateSamples {
    static let text = """
        pools:
          - name: fast
            policy: least_busy
            backends:
              - { name: a, kind: openai, base_url: "http://127.0.0.1:1/v1/", max_concurrency: 4,
                  api_key: { env: A_KEY }, timeouts: { connect: 5000ms, min_rate: 2 } }
        models:
          - { name: org/m, targets: [ { pool: fast } ], max_output_tokens: 512 }
        prices:
          - { model: org/m, effective_from: 2026-11-01T00:00:00Z, per_million: { input: "0.10", output: 0.40 } }
        tenants:
          - name: research
            price_multiplier: 1.20
            entitlements: [ { pool: fast, models: ["*"] } ]
            quotas: { rpm: 600, concurrency: 40 }
            budgets: [ { limit: "25.00", window: month, mode: hard, alerts_at: [1, 0.5] } ]
        """

    static let environment = ["A_KEY": "sk-a"]

    /// The sample with one part replaced.
    static func file(_ part: String = "", _ other: String = "") throws -> StateFile {
        try #require(part.isEmpty || text.contains(part))
        return try StateFile(
            part.isEmpty ? text : text.replacing(part, with: other), file: "state.yaml", environment: environment)
    }

    /// What the Admin API would answer once the sample is applied.
    static func server() throws -> ServerState {
        var server = ServerState()
        server.pools["fast"] = try json(
            #"{"name":"fast","policy":"least_busy","queue":{"max":500,"timeout":"10s"},"affinity":"none"}"#)
        server.backends["fast"] = [
            try json(
                """
                {"id":"be_1","pool":"fast","name":"a","kind":"openai","base_url":"http://127.0.0.1:1/v1",
                "has_api_key":true,"weight":1,"max_concurrency":4,"rpm":null,"timeouts":{"connect":"5s",
                "first_byte":"300s","idle":"120s","total":"600s","min_rate":2},"probe":null,"on_disconnect":"abort",
                "on_unanswered":"release","draining":false}
                """)
        ]
        server.models["org/m"] = try json(
            """
            {"name":"org/m","targets":[{"pool":"fast","upstream_model":null,"max_tokens_param":"max_tokens"}],
            "max_output_tokens":512,"context_window":null,"input_overhead_tokens":300,"part_tokens_max":null,
            "audio_seconds_max":7200,"created_at":"2026-01-01T00:00:00Z"}
            """)
        server.prices = [
            try json(
                """
                {"id":"prc_1","model":"org/m","kind":"tenant","backend_id":null,"tier":null,"above_tokens":null,
                "effective_from":"2026-11-01T00:00:00Z","per_million":{"input":"0.1","output":"0.4"},"per_unit":{}}
                """)
        ]
        server.tenants["research"] = try json(
            """
            {"id":"ten_1","name":"research","time_zone":"UTC","tags":{},"price_multiplier":"1.2",
            "on_insufficient":"refuse","trim_floor":16,"hold_wait_ms":2000,"uncertain_release_after":null}
            """)
        server.entitlements["research"] = try json(#"[{"pool":"fast","models":["*"]}]"#)
        server.quotas["research"] = try json(#"{"rpm":600,"tpm":null,"rpd":null,"tpd":null,"concurrency":40}"#)
        server.budgets["ten_1"] = [
            try json(
                """
                {"id":"bud_1","tenant_id":"ten_1","key_id":null,"model":null,"pool":null,"limit":"25",
                "window":"month","mode":"hard","alerts_at":[0.5,1]}
                """)
        ]
        return server
    }

    static func json(_ text: String) throws -> JSONValue {
        try #require(JSONValue(bytes: Array(text.utf8)))
    }
}
