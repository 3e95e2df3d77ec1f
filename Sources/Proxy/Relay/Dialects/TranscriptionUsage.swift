import Billing

/// Text made from speech: counted in tokens, in seconds of audio, or in both.
enum TranscriptionUsage {
    /// Disjoint counts; nil when the report counts none of these.
    static func reading(of report: UsageReport) -> UsageReading? {
        let tokens = InclusiveUsage.reading(of: report)
        guard let seconds = report.seconds else { return tokens }
        var reading = tokens ?? UsageReading(report)
        reading.usage.second = seconds
        return reading
    }
}
