import Logging
import Tenancy

/// Where log lines go: the standard error, as JSON or as text.
enum LogHandlers {
    /// Makes every logger of the process write this way and returns the gateway's own; to be called once.
    static func start(format: LogFormat, threshold: LogThreshold) -> Logger {
        LoggingSystem.bootstrap { label in
            LineLogHandler(
                label: label, format: format, threshold: threshold, time: SystemClock(), write: StandardError.write)
        }
        return Logger(label: "tollgate")
    }
}
