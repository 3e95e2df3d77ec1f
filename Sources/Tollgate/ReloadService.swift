import Logging
import ServiceLifecycle
import UnixSignals

/// On SIGHUP reads the configuration again and takes over the log level; a file that is wrong changes nothing.
struct ReloadService: Service {
    let load: @Sendable () throws -> Configuration
    let threshold: LogThreshold
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            do {
                threshold.current = try load().logLevel
                logger.notice("configuration reloaded", metadata: ["log_level": "\(threshold.current)"])
            } catch {
                logger.error("configuration kept: the file is wrong", metadata: ["reason": "\(error)"])
            }
        }
    }
}
