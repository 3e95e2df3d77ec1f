import Billing

/// Reads a `usage` object whose input includes cached tokens and whose output includes reasoning, into disjoint counts.
struct OpenAIUsage {
    private var prompt: Int64?
    private var completion: Int64?
    private var total: Int64?
    private var cached: Int64 = 0
    private var cacheWrites: Int64 = 0
    private var reasoning: Int64 = 0
    private var anomaly = false

    /// Reads the object that is next; nil if it reports no count at all.
    static func read(_ scanner: inout JSONScanner) throws(JSONFault) -> UsageReading? {
        var usage = OpenAIUsage()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "prompt_tokens") {
                usage.prompt = try usage.count(&scanner)
            } else if scanner.spells(key, "completion_tokens") {
                usage.completion = try usage.count(&scanner)
            } else if scanner.spells(key, "total_tokens") {
                usage.total = try usage.count(&scanner)
            } else if scanner.spells(key, "prompt_tokens_details") {
                try usage.readDetails(&scanner)
            } else if scanner.spells(key, "completion_tokens_details") {
                try usage.readDetails(&scanner)
            } else {
                try scanner.skipValue()
            }
        }
        return usage.reading
    }

    private mutating func readDetails(_ scanner: inout JSONScanner) throws(JSONFault) {
        guard try scanner.peek() == .object else {
            if try scanner.skipValue().kind != .null { anomaly = true }
            return
        }
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "cached_tokens") {
                cached = try count(&scanner) ?? 0
            } else if scanner.spells(key, "cache_write_tokens") {
                cacheWrites = try count(&scanner) ?? 0
            } else if scanner.spells(key, "reasoning_tokens") {
                reasoning = try count(&scanner) ?? 0
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// Nil for null and for what is no number.
    private mutating func count(_ scanner: inout JSONScanner) throws(JSONFault) -> Int64? {
        let value = try scanner.skipValue()
        if value.kind == .null { return nil }
        guard value.kind == .number else {
            anomaly = true
            return nil
        }
        if let number = JSONText.integer(value, in: scanner.bytes), number >= 0 { return number }
        anomaly = true
        // A fraction counts as a whole token, what is too large as the largest count.
        let number = Double(String(decoding: scanner.bytes[value.range], as: UTF8.self)) ?? 0
        if number <= 0 { return 0 }
        return Int64(exactly: number.rounded(.up)) ?? .max
    }

    private var reading: UsageReading? {
        guard prompt != nil || completion != nil || total != nil else { return nil }
        // Counts are never negative, so these differences do not overflow. Some servers report only the total.
        let prompt = self.prompt ?? max((total ?? 0) - (self.completion ?? 0), 0)
        let completion = self.completion ?? max((total ?? prompt) - prompt, 0)
        var anomaly = anomaly || self.prompt == nil && total == nil
        var usage = TokenUsage.zero
        usage.inputCacheRead = min(cached, prompt)
        usage.inputCacheWrite5m = min(cacheWrites, prompt - usage.inputCacheRead)
        usage.input = prompt - usage.inputCacheRead - usage.inputCacheWrite5m
        let (sum, overflow) = prompt.addingReportingOverflow(completion)
        let (all, reasoningOverflow) = sum.addingReportingOverflow(reasoning)
        if reasoning > 0, !overflow, !reasoningOverflow, total == all {
            // Some servers count reasoning beside the completion; their total proves it.
            usage.output = completion
            usage.outputReasoning = reasoning
        } else {
            usage.outputReasoning = min(reasoning, completion)
            usage.output = completion - usage.outputReasoning
            if reasoning > completion || overflow { anomaly = true }
            if let total, total != sum { anomaly = true }
        }
        if usage.inputCacheRead < cached || usage.inputCacheWrite5m < cacheWrites { anomaly = true }
        return UsageReading(usage: usage, anomaly: anomaly)
    }
}
