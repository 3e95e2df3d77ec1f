import Billing
import Foundation
import Logging
import Proxy
import Tenancy

/// Reads `tollgate.yaml` strictly: every unknown name and wrong value is reported with its line.
///
/// Relative paths are taken from the file's folder. Secrets are named, not written: `{ env: … }` or `{ file: … }`.
struct ConfigurationFile {
    private let folder: String?
    private let reading: DocumentReading
    private let root: DocumentSection

    /// The settings in a YAML text, overridden by the environment; throws `DocumentFaults`.
    static func read(
        _ text: String, file: String?, environment: [String: String]
    ) throws(DocumentFaults) -> Configuration {
        let document: DocumentValue
        do {
            document = try ConfigurationOverrides.apply(environment, to: try DocumentText.parse(text))
        } catch {
            throw DocumentFaults(file: file, faults: [error])
        }
        let reading = DocumentReading(environment: environment)
        let folder = file.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        let section = reading.section(document, path: "")
        let configuration = ConfigurationFile(folder: folder, reading: reading, root: section).configuration()
        try reading.finish(file: file)
        return configuration
    }

    private func configuration() -> Configuration {
        var configuration = Configuration()
        readListeners(into: &configuration)
        readSecrets(into: &configuration)
        root.read("storage", storage, into: &configuration.storagePath)
        root.read("trusted_proxies", .list(of: .addressRange), into: &configuration.trustedProxies)
        readLimits(into: &configuration.limits)
        readRouting(into: &configuration.routing, upstream: &configuration.upstream)
        readKeys(into: &configuration.argon2)
        readLedger(into: &configuration)
        readBilling(into: &configuration.billing)
        let log = root.section("log")
        log.read("format", .choice, into: &configuration.logFormat)
        log.read("level", .choice, into: &configuration.logLevel)
        readDashboard(into: &configuration.dashboard)
        readBackup(into: &configuration)
        readTelemetry(into: &configuration)
        return configuration
    }

    // MARK: Sections

    /// `listen`, `admin_listen`, `metrics_listen`: host:port. `allow_plaintext`: bool, false. `tls`: `cert` and `key`,
    /// each `{ file: PATH }` of a PEM file; the metrics stay plain.
    private func readListeners(into configuration: inout Configuration) {
        root.read("listen", .address, into: &configuration.listen)
        root.read("admin_listen", .address, into: &configuration.adminListen)
        root.read("metrics_listen", .address, into: &configuration.metricsListen)
        root.read("allow_plaintext", .flag, into: &configuration.allowPlaintext)
        readTLS(into: &configuration.tls)
        guard !configuration.allowPlaintext else { return }
        var listeners = [("metrics_listen", configuration.metricsListen)]
        if configuration.tls == nil {
            listeners += [("listen", configuration.listen), ("admin_listen", configuration.adminListen)]
        }
        for (name, address) in listeners where !address.isLoopback {
            reading.fail(
                at: name, "binds beyond loopback (\(address)) in plaintext; set allow_plaintext: true if that is meant")
        }
    }

    private func readTLS(into files: inout TLSFiles?) {
        guard let value = root.value("tls"), !value.isNull else { return }
        let section = reading.section(value, path: "tls")
        let certificate = section.optional("cert", file)
        let key = section.optional("key", file)
        if let certificate, let key {
            files = TLSFiles(certificate: certificate, key: key)
        } else if reading.faults.isEmpty {
            reading.fail(value.place, "tls needs both cert and key, each { file: PATH }")
        }
    }

    /// `master_key`, `admin_key`: secret, `{ env: NAME }` or `{ file: PATH }`. `admin_key: null` means none.
    private func readSecrets(into configuration: inout Configuration) {
        root.read("master_key", secret, into: &configuration.masterKey)
        guard let adminKey = root.value("admin_key") else { return }
        configuration.adminKey = adminKey.isNull ? nil : secret.read(adminKey, "admin_key", reading)
    }

    /// Sizes in bytes with a unit, times with a unit; `max_connections` is a count.
    private func readLimits(into limits: inout GatewayLimits) {
        let section = root.section("limits")
        section.read("max_body", .size((1 << 10)...(1 << 30)), into: &limits.maxBody)
        section.read("body_memory", .size((1 << 20)...(1 << 40)), into: &limits.bodyMemory)
        section.read("header_timeout", .duration(100...600_000), into: &limits.headerTimeoutMS)
        section.read("idle_timeout", .duration(100...86_400_000), into: &limits.idleTimeoutMS)
        section.read("reader_timeout", .duration(100...600_000), into: &limits.readerTimeoutMS)
        section.read("drain", .duration(0...86_400_000), into: &limits.drainMS)
        if let count = section.optional("max_connections", .whole(1...1_000_000)) {
            limits.maxConnections = Int(count)
        }
        if limits.bodyMemory < limits.maxBody {
            reading.fail(section.place, "limits.body_memory must not be smaller than limits.max_body")
        }
    }

    /// `max_attempts`: count, 3. `emergency_fraction`: share, 0.1; `emergency_attempts`: count, 3; 0 in either of them
    /// means no emergency passthrough. `default_rpm`: count, 600, the base of the share where a backend has no rate.
    /// `allow_link_local`: bool, false. `ca_file`: path of a PEM file, none.
    private func readRouting(into settings: inout RoutingSettings, upstream: inout UpstreamPolicy) {
        let section = root.section("routing")
        if let count = section.optional("max_attempts", .whole(1...100)) { settings.maxAttempts = Int(count) }
        if let share = section.optional("emergency_fraction", .share) {
            settings.emergencyPPM = ppm(share)
        }
        if let count = section.optional("emergency_attempts", .whole(0...100)) {
            settings.emergencyAttempts = Int(count)
        }
        section.read("default_rpm", .whole(1...1_000_000_000), into: &settings.defaultRPM)
        section.read("allow_link_local", .flag, into: &upstream.egress.allowsLinkLocal)
        upstream.caFile = section.optional("ca_file", .text).map(resolved)
    }

    /// `argon2`: `memory` (size, 19MiB), `iterations` (2), `parallelism` (1).
    private func readKeys(into cost: inout KeyHasher.Cost) {
        let section = root.section("keys").section("argon2")
        if let bytes = section.optional("memory", .size((8 << 10)...(4 << 30))) {
            cost.memoryKiB = UInt32(clamping: bytes / 1024)
        }
        if let count = section.optional("iterations", .whole(1...64)) { cost.iterations = UInt32(clamping: count) }
        if let count = section.optional("parallelism", .whole(1...16)) { cost.parallelism = UInt32(clamping: count) }
        if cost.memoryKiB < 8 * cost.parallelism {
            reading.fail(section.place, "keys.argon2.memory must be at least 8KiB for each lane of parallelism")
        }
    }

    /// `hold_sync`: process or full. `request_detail_days`: count, 90.
    private func readLedger(into configuration: inout Configuration) {
        let section = root.section("ledger")
        section.read("hold_sync", .choice, into: &configuration.holdSync)
        if let days = section.optional("request_detail_days", .whole(1...36_500)) {
            configuration.detailMS = days * 86_400_000
        }
    }

    /// `directory`: path of the page's folder, where it is installed. `cdn_fallback`: bool, true. `chart_file`: path.
    private func readDashboard(into settings: inout DashboardSettings) {
        let section = root.section("dashboard")
        settings.directory = section.optional("directory", .text).map(resolved)
        section.read("cdn_fallback", .flag, into: &settings.cdnFallback)
        if let path = section.optional("chart_file", .text) { settings.chartFile = resolved(path) }
    }

    /// `issuer` and `account` with `id` and `name`: texts of statements and exports. `close_grace`: duration, 24h.
    private func readBilling(into settings: inout BillingSettings) {
        let section = root.section("billing")
        section.read("issuer", .text, into: &settings.party.issuer)
        let account = section.section("account")
        account.read("id", .text, into: &settings.party.accountID)
        account.read("name", .text, into: &settings.party.accountName)
        section.read("close_grace", .duration(0...2_678_400_000), into: &settings.closeGraceMS)
    }

    /// `otlp`, without which no call is recorded: `endpoint`, http or https URL of the receiver; `sample`: share, 0.05.
    private func readTelemetry(into configuration: inout Configuration) {
        let otlp = root.section("telemetry").section("otlp")
        let sample = otlp.optional("sample", .share)
        if let endpoint = otlp.optional("endpoint", .text) {
            if BackendAddress(endpoint) == nil {
                reading.fail(
                    otlp.place, "telemetry.otlp.endpoint must be an http or https URL such as http://127.0.0.1:4318")
            }
            configuration.telemetry = TelemetrySettings(endpoint: endpoint)
        } else if sample != nil {
            reading.fail(otlp.place, "telemetry.otlp.sample says nothing without telemetry.otlp.endpoint")
        }
        if let sample { configuration.telemetry?.samplePPM = ppm(sample) }
    }

    /// `directory`, without which none are made; `every`: duration, 24h; `keep`: count, 14; `keep_days`: count, none.
    private func readBackup(into configuration: inout Configuration) {
        let backup = root.section("backup")
        if let directory = backup.optional("directory", .text) {
            configuration.backup = BackupSettings(directory: resolved(directory))
        }
        if let every = backup.optional("every", .duration(60_000...31_536_000_000)) {
            configuration.backup?.everyMS = every
        }
        if let keep = backup.optional("keep", .whole(1...100_000)) { configuration.backup?.keep = Int(keep) }
        if let days = backup.optional("keep_days", .whole(1...36_500)) {
            configuration.backup?.keepMS = days * 86_400_000
        }
    }

    private func ppm(_ share: Decimal) -> Int64 { NSDecimalNumber(decimal: share * 1_000_000).int64Value }

    // MARK: Rules that need the file's folder

    private var storage: DocumentRule<String> {
        DocumentRule { value, path, reading in
            guard let text = DocumentRule<String>.text.read(value, path, reading) else { return nil }
            do {
                return resolved(try StorageURL.path(text))
            } catch {
                reading.fail(value.place, "\(path) \(error)")
                return nil
            }
        }
    }

    private var secret: DocumentRule<SecretSource> {
        DocumentRule { value, path, reading in
            guard case .mapping = value.content else {
                // The value may be the secret itself: it must not reach the log.
                reading.fail(
                    value.place, "\(path) must be { env: NAME } or { file: PATH }; secrets are not written here")
                return nil
            }
            let section = reading.section(value, path: path)
            switch (section.optional("env", .text), section.optional("file", .text)) {
            case (let name?, nil): return .environment(name)
            case (nil, let file?): return .file(resolved(file))
            default:
                reading.fail(value.place, "\(path) must be either { env: NAME } or { file: PATH }")
                return nil
            }
        }
    }

    private var file: DocumentRule<String> {
        DocumentRule { value, path, reading in
            guard case .mapping = value.content,
                let file = reading.section(value, path: path).optional("file", .text)
            else {
                reading.fail(value.place, "\(path) must be { file: PATH }")
                return nil
            }
            return resolved(file)
        }
    }

    private func resolved(_ path: String) -> String {
        guard let folder, !path.hasPrefix("/") else { return path }
        return URL(fileURLWithPath: folder).appendingPathComponent(path).standardizedFileURL.path
    }
}

extension DocumentRule where Value == ListenAddress {
    fileprivate static var address: DocumentRule {
        .single("host:port such as 127.0.0.1:8080 or [::1]:8080") { ListenAddress($0) }
    }
}

extension DocumentRule where Value == AddressRange {
    fileprivate static var addressRange: DocumentRule {
        .single("an address range such as 10.0.0.0/8") { AddressRange($0) }
    }
}
