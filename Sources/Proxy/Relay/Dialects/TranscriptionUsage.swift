import Billing

/// Text made from speech: counted in tokens or in seconds of audio, never in both.
enum TranscriptionUsage {
    /// Disjoint counts; nil when the report counts none of these.
    static func reading(of report: UsageReport) -> UsageReading? {
        if let reading = InclusiveUsage.reading(of: report) { return reading }
        guard let seconds = report.seconds else { return nil }
        var reading = UsageReading(report)
        reading.usage.second = seconds
        return reading
    }
}
