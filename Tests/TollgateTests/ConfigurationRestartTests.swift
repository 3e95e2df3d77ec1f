import Testing

@testable import Tollgate

struct ConfigurationRestartTests {
    private func read(_ text: String) throws -> Configuration {
        try ConfigurationFile.read(text, file: nil, environment: [:])
    }

    @Test(
        arguments: [
            ("listen: 127.0.0.1:1", ["listen"]), ("admin_listen: 127.0.0.1:1", ["admin_listen"]),
            ("metrics_listen: 127.0.0.1:1", ["metrics_listen"]), ("allow_plaintext: true", ["allow_plaintext"]),
            ("storage: sqlite:///tmp/other.db", ["storage"]), ("master_key: { env: OTHER }", ["master_key"]),
            ("admin_key: { env: OTHER }", ["admin_key"]), ("trusted_proxies: [10.0.0.0/8]", ["trusted_proxies"]),
            ("routing: { max_attempts: 2 }", ["routing"]), ("keys: { argon2: { iterations: 3 } }", ["keys"]),
            ("ledger: { hold_sync: full }", ["ledger"]), ("billing: { close_grace: 1h }", ["billing"]),
            ("backup: { directory: /tmp/b }", ["backup"]), ("dashboard: { cdn_fallback: false }", ["dashboard"]),
            ("telemetry: { otlp: { endpoint: \"http://127.0.0.1:1\" } }", ["telemetry"]),
            ("log: { format: text, level: debug }", ["log.format"]), ("log: { level: debug }", []),
            ("limits: { drain: 1s }", []),
            ("storage: sqlite:///tmp/other.db\nlisten: 127.0.0.1:1", ["listen", "storage"]),
        ] as [(String, [String])])
    func `what a reload does not take over is named`(text: String, names: [String]) throws {
        #expect(try read("").needsRestart(for: try read(text)) == names)
    }
}
