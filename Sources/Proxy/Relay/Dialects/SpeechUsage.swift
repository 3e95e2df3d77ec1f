import Billing

/// Speech made from text: what OpenAI counts as output are tokens of audio.
enum SpeechUsage {
    /// Disjoint counts; nil when the report counts none of these.
    static func reading(of report: UsageReport) -> UsageReading? {
        guard var reading = InclusiveUsage.reading(of: report) else { return nil }
        if report.outputAudio == nil {
            reading.usage.outputAudio = reading.usage.output
            reading.usage.output = 0
        }
        return reading
    }
}
