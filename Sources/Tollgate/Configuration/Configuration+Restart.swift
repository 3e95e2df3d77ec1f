extension Configuration {
    /// Every setting that a running process does not take over, by its name in the file.
    private static let fixed: [(name: String, isKept: @Sendable (Configuration, Configuration) -> Bool)] = [
        ("listen", { $0.listen == $1.listen }),
        ("admin_listen", { $0.adminListen == $1.adminListen }),
        ("metrics_listen", { $0.metricsListen == $1.metricsListen }),
        ("allow_plaintext", { $0.allowPlaintext == $1.allowPlaintext }),
        ("storage", { $0.storagePath == $1.storagePath }),
        ("master_key", { $0.masterKey == $1.masterKey }),
        ("admin_key", { $0.adminKey == $1.adminKey }),
        ("trusted_proxies", { $0.trustedProxies == $1.trustedProxies }),
        ("routing", { $0.routing == $1.routing && $0.upstream == $1.upstream }),
        ("keys", { $0.argon2 == $1.argon2 }),
        ("ledger", { $0.holdSync == $1.holdSync && $0.detailMS == $1.detailMS }),
        ("billing", { $0.billing == $1.billing }),
        ("backup", { $0.backup == $1.backup }),
        ("dashboard", { $0.dashboard == $1.dashboard }),
        ("telemetry", { $0.telemetry == $1.telemetry }),
        ("log.format", { $0.logFormat == $1.logFormat }),
    ]

    /// What is different in `other` and comes into force at the next start only.
    func needsRestart(for other: Configuration) -> [String] {
        Self.fixed.filter { !$0.isKept(self, other) }.map(\.name)
    }
}
