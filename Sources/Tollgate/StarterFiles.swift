import Foundation
import Tenancy

/// The files a new gateway starts with; none of them is ever overwritten.
struct StarterFiles {
    static let configuration = "tollgate.yaml"
    static let masterKey = "master.key"
    static let adminKey = "admin.key"
    static let database = "tollgate.db"

    let folder: String

    /// Writes configuration and master key; throws `CommandFailure`, 5 if any of the files is there already.
    func write() throws(CommandFailure) {
        let names = [Self.configuration, Self.masterKey, Self.adminKey, Self.database]
        for name in names where FileManager.default.fileExists(atPath: path(of: name)) {
            throw CommandFailure(.conflict, "\(path(of: name)) is there already and is not overwritten")
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure(.failed, "\(folder): cannot be made")
        }
        try write(MasterKey.generate() + "\n", to: Self.masterKey)
        try write(Self.configurationText, to: Self.configuration)
    }

    /// Keeps the first admin key for the command line.
    func write(adminKey key: String) throws(CommandFailure) {
        try write(key + "\n", to: Self.adminKey)
    }

    private func write(_ text: String, to name: String) throws(CommandFailure) {
        try SecretFile.make(path(of: name), text)
    }

    /// The path of one of them.
    func path(of name: String) -> String {
        if folder == "." { return name }
        return folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    private static let configurationText = """
        # Settings of the process. Tenants, keys, pools, models and prices are kept in the database:
        # see `tollgate apply --help`. Each setting can also be given as TOLLGATE__SECTION__KEY.
        # Relative paths are taken from this file's folder.
        listen: 127.0.0.1:8080            # data plane
        admin_listen: 127.0.0.1:8081      # Admin API
        metrics_listen: 127.0.0.1:9191    # Prometheus
        storage: sqlite://tollgate.db
        master_key: { file: master.key }  # or { env: NAME }; keep a copy apart from the database
        admin_key: null                   # { env: NAME }: a credential that is good while there is no admin key
        allow_plaintext: false            # true: may bind beyond loopback
        trusted_proxies: []               # CIDRs of proxies whose X-Forwarded-For is believed
        limits:
          max_body: 32MiB
          body_memory: 512MiB
          header_timeout: 10s
          idle_timeout: 120s
          reader_timeout: 60s
          drain: 60s
          max_connections: 20000
        routing: { max_attempts: 3, emergency_fraction: 0.1, emergency_attempts: 3, default_rpm: 600 }
        ledger: { hold_sync: process }    # full: a hold survives a power cut too, one fsync more a call
        log: { format: json, level: info }

        """
}
