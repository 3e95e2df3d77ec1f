import Logging
import Proxy
import Tenancy

/// Where log lines go: the standard error, as JSON or as text.
struct LogHandlers: Sendable {
    /// The gateway's own logger.
    let logger: Logger
    let sink: LogSink
    let threshold: LogThreshold

    /// Makes every logger of the process write this way; to be called once.
    static func start(format: LogFormat, level: Logger.Level) -> LogHandlers {
        let threshold = LogThreshold(level)
        let sink = LogSink(format: format, write: StandardError.write(bytes:))
        _ = sink.start()
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, format: format, threshold: threshold, time: SystemClock()) { line in
                sink.put(.text(line))
            }
        }
        return LogHandlers(logger: Logger(label: "tollgate"), sink: sink, threshold: threshold)
    }

    /// Takes the line of each request, at the level info.
    var requests: RequestLog {
        RequestLog(isOn: { [threshold] in threshold.lets(.info) }, write: { [sink] in sink.put(.request($0)) })
    }

    /// Waits a moment until the last lines are out; the process ends next.
    func finish() {
        sink.flush(milliseconds: 2000)
    }
}
