import Billing
import Foundation
import Logging
import Proxy
import Tenancy

/// The settings of one process, with their defaults; tenants, keys and prices live in the database instead.
struct Configuration: Sendable {
    /// The data plane.
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// The Admin API and the dashboard.
    var adminListen = ListenAddress(host: "127.0.0.1", port: 8081)
    /// Metrics, always in plaintext.
    var metricsListen = ListenAddress(host: "127.0.0.1", port: 9191)
    /// The database file.
    var storagePath = "/var/lib/tollgate/tollgate.db"
    /// Secret: seals what is secret in the database.
    var masterKey = SecretSource.environment("TOLLGATE_MASTER_KEY")
    /// Secret: the bootstrap credential of the Admin API; nil if there is none.
    var adminKey: SecretSource? = .environment("TOLLGATE_ADMIN_KEY")
    /// What the data plane and the Admin API prove themselves with; nil: they speak plain HTTP.
    var tls: TLSFiles?
    /// Whether listeners may be reached from other machines without TLS.
    var allowPlaintext = false
    /// The proxies whose `X-Forwarded-For` is believed.
    var trustedProxies: [AddressRange] = []
    var limits = GatewayLimits()
    /// How far the router goes for one request.
    var routing = RoutingSettings()
    /// Where calls to backends may go, and whose certificates count there.
    var upstream = UpstreamPolicy()
    /// What one check of an unverified key costs.
    var argon2 = KeyHasher.Cost()
    /// What a hold must survive before its call goes upstream.
    var holdSync = HoldSync.process
    /// Milliseconds for which details are kept that are not the ledger: alerts of windows that are over, deliveries.
    var detailMS: Int64 = 90 * 86_400_000
    /// Who bills, and how long a month stays open to its last facts.
    var billing = BillingSettings()
    var logFormat = LogFormat.json
    var logLevel = Logger.Level.info
    /// Where backups are expected; nil: nowhere.
    var backup: BackupSettings?
    var dashboard = DashboardSettings()
    /// Nil: no call is recorded.
    var telemetry: TelemetrySettings?

    /// Where the file is looked for when none is named; without any, the defaults hold.
    static let standardPaths = ["./tollgate.yaml", "/etc/tollgate/tollgate.yaml"]

    /// Reads the file and the variables that override it.
    ///
    /// Throws `DocumentFaults` with everything that is wrong, or `CommandFailure` if there is no such file.
    static func load(path: String?, environment: [String: String]) throws -> Configuration {
        try read(file: file(path: path), environment: environment)
    }

    /// Reads a file that was found before and the variables that override it; nil: the defaults. Throws as `load`.
    static func read(file: String?, environment: [String: String]) throws -> Configuration {
        try ConfigurationFile.read(try file.map(TextFile.read) ?? "", file: file, environment: environment)
    }

    /// The file that is read: the one named, else the first of the standard ones; nil if there is none.
    static func file(path: String?) -> String? {
        path ?? standardPaths.first { FileManager.default.fileExists(atPath: $0) }
    }
}
