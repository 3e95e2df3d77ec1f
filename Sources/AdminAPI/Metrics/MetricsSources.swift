public import Proxy

/// What counts outside the planes, and is told at a scrape.
public struct MetricsSources: Sendable {
    let backups: BackupStatus?
    let reloads: ReloadStatus
    let certificate: ListenerCertificate?
    let spans: SpanExporter?
    let droppedLogLines: @Sendable () -> UInt64

    /// - Parameters:
    ///   - backups: nil where none are made.
    ///   - certificate: that of the other listeners; nil without TLS.
    ///   - spans: nil where no calls are recorded.
    public init(
        backups: BackupStatus? = nil, reloads: ReloadStatus = ReloadStatus(), certificate: ListenerCertificate? = nil,
        spans: SpanExporter? = nil, droppedLogLines: @escaping @Sendable () -> UInt64 = { 0 }
    ) {
        self.backups = backups
        self.reloads = reloads
        self.certificate = certificate
        self.spans = spans
        self.droppedLogLines = droppedLogLines
    }
}
