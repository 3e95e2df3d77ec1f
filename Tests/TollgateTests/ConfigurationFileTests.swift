import Billing
import Testing

@testable import Tollgate

@Suite struct ConfigurationFileTests {
    private func read(
        _ text: String, file: String? = "/etc/tollgate/tollgate.yaml", _ environment: [String: String] = [:]
    ) throws(DocumentFaults) -> Configuration {
        try ConfigurationFile.read(text, file: file, environment: environment)
    }

    private func faults(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, environment)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func `an empty file has every default`() throws {
        let configuration = try read("# nothing\n")
        #expect(configuration.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(configuration.adminListen == ListenAddress(host: "127.0.0.1", port: 8081))
        #expect(configuration.metricsListen == ListenAddress(host: "127.0.0.1", port: 9191))
        #expect(configuration.storagePath == "/var/lib/tollgate/tollgate.db")
        #expect(configuration.masterKey == .environment("TOLLGATE_MASTER_KEY"))
        #expect(configuration.adminKey == .environment("TOLLGATE_ADMIN_KEY"))
        #expect("\(configuration.routing)".contains("maxAttempts: 3, emergencyPPM: 100000, emergencyAttempts: 3"))
        #expect("\(configuration.upstream)".contains("allowsLinkLocal: false), caFile: nil"))
        #expect(configuration.logFormat == .json)
        #expect("\(configuration.limits)".contains("maxBody: 33554432"))
    }

    @Test func `every documented setting is understood`() throws {
        let configuration = try read(
            """
            listen: 127.0.0.1:0
            admin_listen: "[::1]:8081"
            metrics_listen: localhost:9191
            storage: sqlite://data/tollgate.db
            master_key: { file: master.key }
            tls: { cert: { file: chain.pem }, key: { file: /run/key.pem } }
            admin_key: { env: MY_ADMIN_KEY }
            trusted_proxies: [ 10.0.0.0/8, "2001:db8::/32" ]
            limits: { max_body: 1MiB, body_memory: 64MiB, header_timeout: 250ms, idle_timeout: 2m,
              reader_timeout: 30s, drain: 1h, max_connections: 7 }
            routing: { max_attempts: 5, emergency_fraction: 0.25, emergency_attempts: 2, default_rpm: 60,
              allow_link_local: true, ca_file: authorities.pem }
            keys: { argon2: { memory: 8MiB, iterations: 3, parallelism: 2 } }
            ledger: { hold_sync: full, request_detail_days: 90 }
            billing: { issuer: "Acme", account: { id: acct_7, name: "Main" }, close_grace: 2h }
            backup: { directory: /backup, every: 24h, keep: 14 }
            dashboard: { directory: web, cdn_fallback: false, chart_file: /usr/share/chart.js }
            telemetry: { otlp: { endpoint: "http://127.0.0.1:4318", sample: 0.05 } }
            log: { format: text, level: debug }
            """)
        #expect(configuration.listen.port == 0)
        #expect(configuration.adminListen == ListenAddress(host: "::1", port: 8081))
        #expect(configuration.storagePath == "/etc/tollgate/data/tollgate.db")
        #expect(configuration.masterKey == .file("/etc/tollgate/master.key"))
        #expect(configuration.adminKey == .environment("MY_ADMIN_KEY"))
        #expect(configuration.tls == TLSFiles(certificate: "/etc/tollgate/chain.pem", key: "/run/key.pem"))
        #expect(configuration.trustedProxies.count == 2)
        let limits = "\(configuration.limits)"
        for part in [
            "maxBody: 1048576", "bodyMemory: 67108864", "headerTimeoutMS: 250", "idleTimeoutMS: 120000",
            "readerTimeoutMS: 30000", "drainMS: 3600000", "maxConnections: 7",
        ] {
            #expect(limits.contains(part), "\(limits)")
        }
        let routing = "maxAttempts: 5, emergencyPPM: 250000, emergencyAttempts: 2, defaultRPM: 60"
        #expect("\(configuration.routing)".contains(routing))
        let upstream = "\(configuration.upstream)"
        #expect(upstream.contains("allowsLinkLocal: true"))
        #expect(upstream.contains("/etc/tollgate/authorities.pem"))
        #expect("\(configuration.argon2)".contains("memoryKiB: 8192, iterations: 3, parallelism: 2"))
        #expect("\(configuration.holdSync)" == "full")
        let page = DashboardSettings(
            directory: "/etc/tollgate/web", cdnFallback: false, chartFile: "/usr/share/chart.js")
        #expect(configuration.dashboard == page)
        #expect(configuration.billing.party == BillingParty(issuer: "Acme", accountID: "acct_7", accountName: "Main"))
        #expect(configuration.billing.closeGraceMS == 7_200_000)
        let backup = BackupSettings(directory: "/backup", everyMS: 86_400_000, keep: 14)
        #expect(configuration.backup == backup)
        #expect(configuration.telemetry == TelemetrySettings(endpoint: "http://127.0.0.1:4318", samplePPM: 50_000))
        #expect(configuration.logFormat == .text)
        #expect("\(configuration.logLevel)" == "debug")
    }

    @Test func `days of keeping are told in milliseconds`() throws {
        #expect(try read("ledger: { request_detail_days: 7 }").detailMS == 7 * 86_400_000)
        #expect(try read("backup: { directory: /b, keep_days: 30 }").backup?.keepMS == 30 * 86_400_000)
        #expect(try read("backup: null").backup == nil)
    }

    @Test(arguments: [
        ("limts: {}", "line 1: limts is unknown; did you mean limits?"),
        (
            "listen: 127.0.0.1:1\nlimits:\n  max_bodyy: 1MiB",
            "line 3: limits.max_bodyy is unknown; did you mean max_body?"
        ),
        ("zzzzzzzzzzzzzzzz: 1", "line 1: zzzzzzzzzzzzzzzz is unknown"),
        ("keys:\n  argon2: { memori: 1 }", "line 2: keys.argon2.memori is unknown; did you mean memory?"),
    ])
    func `an unknown name is reported with its line and the nearest name`(text: String, fault: String) {
        #expect(faults(text) == [fault])
    }

    @Test(arguments: [
        ("listen: 8080", "line 1: listen must be host:port such as 127.0.0.1:8080 or [::1]:8080, not \"8080\""),
        ("\nlimits: 5", "line 2: limits must be a mapping, not a single value"),
        ("limits: { drain: 5 }", "line 1: limits.drain must be a time such as 10s"),
        ("limits: { max_body: big }", "line 1: limits.max_body must be a size such as 32MiB"),
        ("limits: { max_connections: [1] }", "line 1: limits.max_connections must be a whole number"),
        ("routing: { max_attempts: 0 }", "line 1: routing.max_attempts must be a whole number between 1 and 100"),
        ("routing: { allow_link_local: 1 }", "line 1: routing.allow_link_local must be true or false"),
        ("log: { level: loud }", "line 1: log.level must be one of trace, debug"),
        ("allow_plaintext: maybe", "line 1: allow_plaintext must be true or false"),
        ("trusted_proxies: [ 10.0.0.0/33 ]", "line 1: trusted_proxies[0] must be an address range"),
        (
            "telemetry: { otlp: { sample: 0.05 } }",
            "line 1: telemetry.otlp.sample says nothing without telemetry.otlp.endpoint"
        ),
        (
            "telemetry: { otlp: { endpoint: \"collector:4318\" } }",
            "line 1: telemetry.otlp.endpoint must be an http or https URL"
        ),
        ("limits: { body_memory: 1MiB }", "line 1: limits.body_memory must not be smaller than limits.max_body"),
        ("keys: { argon2: { memory: 8KiB, parallelism: 2 } }", "line 1: keys.argon2.memory must be at least"),
        ("storage: postgres://db/tollgate", "line 1: storage must be sqlite://…; postgres:// is not available"),
        ("storage: tollgate.db", "line 1: storage must be sqlite:///absolute/path"),
        ("tls: { cert: { file: a } }", "line 1: tls needs both cert and key"),
        ("tls: { cert: a.pem, key: { file: b } }", "line 1: tls.cert must be { file: PATH }"),
        ("tls: true", "line 1: tls must be a mapping"),
        ("listen: [", "is not valid YAML"),
        ("log: {}\nlog: {}", "is written twice"),
    ])
    func `a wrong value is reported with its line`(text: String, beginning: String) throws {
        let found = faults(text)
        try #require(found.count == 1, "\(found)")
        #expect(found[0].contains(beginning), "\(found)")
    }

    @Test func `all faults are reported at once, in the order of their lines`() {
        let found = faults("listen: x\nlimts: {}\nlog: { format: xml }")
        #expect(found.map { $0.prefix(6) } == ["line 1", "line 2", "line 3"])
    }

    @Test func `a secret written into the file is refused and not repeated`() throws {
        for text in ["master_key: c2VjcmV0", "admin_key: c2VjcmV0", "master_key: { inline: c2VjcmV0 }"] {
            let found = faults(text)
            #expect(!found.isEmpty)
            #expect(!found.joined().contains("c2VjcmV0"), "\(found)")
        }
        #expect(faults("master_key: { env: A, file: b }").count == 1)
        #expect(try read("admin_key: null").adminKey == nil)
    }

    @Test func `the environment overrides the file`() throws {
        let configuration = try read(
            "limits: { max_body: 2MiB, drain: 5s }\nlisten: 127.0.0.1:1",
            [
                "TOLLGATE__LIMITS__MAX_BODY": "1MiB", "TOLLGATE__LISTEN": "127.0.0.1:2",
                "TOLLGATE__MASTER_KEY": "{ file: /m }", "TOLLGATE__TRUSTED_PROXIES": "10.0.0.0/8, ::1",
                "TOLLGATE_ADMIN_KEY": "not a setting",
            ])
        #expect(configuration.listen.port == 2)
        #expect("\(configuration.limits)".contains("maxBody: 1048576"))
        #expect("\(configuration.limits)".contains("drainMS: 5000"))
        #expect(configuration.masterKey == .file("/m"))
        #expect(configuration.trustedProxies.count == 2)
    }

    @Test func `a wrong override is reported under the variable's name`() {
        #expect(
            faults("", ["TOLLGATE__LIMITS__MAX_BODDY": "1MiB"])
                == ["TOLLGATE__LIMITS__MAX_BODDY: limits.max_boddy is unknown; did you mean max_body?"])
        #expect(faults("", ["TOLLGATE__MASTER_KEY": "c2VjcmV0"]).first?.hasPrefix("TOLLGATE__MASTER_KEY: ") == true)
    }

    @Test func `plaintext beyond loopback must be allowed`() throws {
        for name in ["listen", "admin_listen", "metrics_listen"] {
            let found = faults("\n\(name): 0.0.0.0:9")
            #expect(found.count == 1)
            #expect(found.first?.hasPrefix("line 2: \(name) binds beyond loopback") == true)
        }
        #expect(try read("listen: 0.0.0.0:80\nallow_plaintext: true").listen.host == "0.0.0.0")
        let tls = "\ntls: { cert: { file: a }, key: { file: b } }"
        #expect(try read("listen: 0.0.0.0:443\nadmin_listen: 0.0.0.0:444" + tls).listen.port == 443)
        #expect(faults("metrics_listen: 0.0.0.0:9" + tls).count == 1, "metrics are never encrypted")
    }

    @Test func `a file that is not there is an error`() {
        #expect(throws: CommandFailure.self) {
            try Configuration.load(path: "/nonexistent/tollgate.yaml", environment: [:])
        }
    }
}
