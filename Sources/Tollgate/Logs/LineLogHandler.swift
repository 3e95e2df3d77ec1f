import Logging
import Tenancy

/// Hands each event to `write` as one line.
struct LineLogHandler: LogHandler {
    let label: String
    let format: LogFormat
    /// A level set on one logger alone goes before the process's threshold.
    var logLevel: Logger.Level {
        get { ownLevel ?? threshold.current }
        set { ownLevel = newValue }
    }
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?
    private let threshold: LogThreshold
    let time: any TimeSource
    let write: @Sendable (String) -> Void

    init(
        label: String, format: LogFormat, threshold: LogThreshold, time: any TimeSource,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.format = format
        self.threshold = threshold
        self.time = time
        self.write = write
    }

    subscript(metadataKey name: String) -> Logger.Metadata.Value? {
        get { metadata[name] }
        set { metadata[name] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let given = event.metadata { fields.merge(given) { _, new in new } }
        if let error = event.error { fields["error"] = .string("\(error)") }
        let line = LogLine(
            time: time.now().rfc3339, level: event.level.rawValue, logger: label,
            message: event.message.description, fields: fields.mapValues(Self.json))
        write(line.text(as: format))
    }

    private static func json(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let members): .object(members.mapValues(json))
        }
    }
}
