import AdminAPI
import Logging
import Proxy
import ServiceLifecycle
import Tenancy
import UnixSignals

/// On SIGHUP reads the configuration and the TLS files again and takes over log level, limits and certificate, or, if
/// anything is wrong, none of it.
struct ReloadService: Service {
    /// The settings the process was started with.
    let running: Configuration
    let load: @Sendable () throws -> Configuration
    let threshold: LogThreshold
    let server: ProxyServer
    /// What listeners prove themselves with; nil without TLS.
    let certificate: ListenerCertificate?
    let status: ReloadStatus
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            do {
                try reload()
                status.applied()
            } catch {
                status.refused()
                logger.error("configuration kept: the new one is wrong", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func reload() throws {
        let configuration = try load()
        guard (configuration.tls == nil) == (certificate == nil) else {
            throw StartRefusal(reason: "tls: it can be switched on and off by a restart only")
        }
        var facts: Logger.Metadata = ["log_level": "\(configuration.logLevel)"]
        if let files = configuration.tls, let certificate {
            try files.renew(certificate)
            facts["certificate_ends"] = "\(certificate.endsAt.rfc3339)"
        }
        let late = running.needsRestart(for: configuration)
        if !late.isEmpty { facts["needs_restart"] = "\(late.joined(separator: ", "))" }
        threshold.current = configuration.logLevel
        server.take(configuration.limits)
        logger.notice("configuration reloaded", metadata: facts)
    }
}
