import Billing

/// Counts in which the input includes cached tokens and the output includes reasoning, as OpenAI reports them.
enum InclusiveUsage {
    /// Disjoint counts; nil when the report counts none of these.
    static func reading(of report: UsageReport) -> UsageReading? {
        guard report.input != nil || report.output != nil || report.total != nil || report.searches != nil else {
            return nil
        }
        // Counts are never negative, so these differences do not overflow. Some servers report only the total.
        let prompt = report.input ?? max((report.total ?? 0) - (report.output ?? 0), 0)
        let completion = report.output ?? max((report.total ?? prompt) - prompt, 0)
        var reading = UsageReading(report)
        if report.input == nil, report.total == nil, report.output != nil { reading.anomaly = true }
        splitInput(prompt, report, &reading)
        splitOutput(prompt, completion, report, &reading)
        reading.usage.search = report.searches ?? 0
        return reading
    }

    /// Every detail is a part of the prompt; sound and pictures may have come from the cache, so they get what it left.
    private static func splitInput(_ prompt: Int64, _ report: UsageReport, _ reading: inout UsageReading) {
        var rest = prompt
        reading.usage.inputCacheRead = take(report.cacheRead, from: &rest, flag: &reading.anomaly)
        reading.usage.inputCacheWrite5m = take(report.cacheWrite, from: &rest, flag: &reading.anomaly)
        var isCached = false
        reading.usage.inputAudio = take(report.inputAudio, from: &rest, flag: &isCached)
        reading.usage.inputImage = take(report.inputImage, from: &rest, flag: &isCached)
        reading.usage.input = rest
        let audio = report.inputAudio ?? 0
        if audio > prompt || report.inputImage ?? 0 > prompt - audio { reading.anomaly = true }
    }

    private static func splitOutput(
        _ prompt: Int64, _ completion: Int64, _ report: UsageReport, _ reading: inout UsageReading
    ) {
        var rest = completion
        let reasoning = report.reasoning ?? 0
        let (sum, overflow) = prompt.addingReportingOverflow(completion)
        let (all, reasoningOverflow) = sum.addingReportingOverflow(reasoning)
        if reasoning > 0, !overflow, !reasoningOverflow, report.total == all {
            // Some servers count reasoning beside the completion; their total proves it.
            reading.usage.outputReasoning = reasoning
        } else {
            reading.usage.outputReasoning = take(reasoning, from: &rest, flag: &reading.anomaly)
            if overflow { reading.anomaly = true }
            if let total = report.total, total != sum { reading.anomaly = true }
        }
        reading.usage.outputAudio = take(report.outputAudio, from: &rest, flag: &reading.anomaly)
        reading.usage.output = rest
    }

    /// As much of `part` as there is; more than that is a contradiction.
    private static func take(_ part: Int64?, from rest: inout Int64, flag: inout Bool) -> Int64 {
        guard let part else { return 0 }
        if part > rest { flag = true }
        let taken = min(part, rest)
        rest -= taken
        return taken
    }
}
