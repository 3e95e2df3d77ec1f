import Billing

/// Counts in which the input leaves out what was read from and written to the cache, as Anthropic reports them.
enum ExclusiveUsage {
    /// Disjoint counts; nil when the report counts none of these.
    static func reading(of report: UsageReport) -> UsageReading? {
        guard
            report.input != nil || report.output != nil || report.cacheRead != nil || report.cacheWrite != nil
                || report.cacheWrite5m != nil || report.cacheWrite1h != nil
        else { return nil }
        var reading = UsageReading(report)
        reading.usage.input = report.input ?? 0
        reading.usage.inputCacheRead = report.cacheRead ?? 0
        splitWrites(report, &reading)
        let output = report.output ?? 0
        reading.usage.outputReasoning = min(report.reasoning ?? 0, output)
        reading.usage.output = output - reading.usage.outputReasoning
        if report.reasoning ?? 0 > output { reading.anomaly = true }
        reading.usage.search = report.searches ?? 0
        if reading.usage.total == .max { reading.anomaly = true }
        return reading
    }

    /// The flat count is the sum of its parts and is never added to them; where it says another sum, it decides.
    private static func splitWrites(_ report: UsageReport, _ reading: inout UsageReading) {
        let short = report.cacheWrite5m ?? 0
        let long = report.cacheWrite1h ?? 0
        guard let all = report.cacheWrite else {
            reading.usage.inputCacheWrite5m = short
            reading.usage.inputCacheWrite1h = long
            return
        }
        reading.usage.inputCacheWrite1h = min(long, all)
        reading.usage.inputCacheWrite5m = all - reading.usage.inputCacheWrite1h
        let hasParts = report.cacheWrite5m != nil || report.cacheWrite1h != nil
        if hasParts, long > all || short != all - long { reading.anomaly = true }
    }
}
