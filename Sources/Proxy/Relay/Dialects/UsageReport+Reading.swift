/// Reads the objects that report usage. One reader knows the names of all dialects: they differ in what the counts
/// mean, and no name means two things within one object.
extension UsageReport {
    private enum Part {
        case whole, input, output, cacheCreation, serverTools, cost
    }

    /// A service tier's name is a word.
    private static let tierBytes = 64

    /// Reads the `usage` object that is next; nil if it counts nothing.
    static func read(_ scanner: inout JSONScanner) throws(JSONFault) -> UsageReport? {
        var report = UsageReport()
        try report.read(.whole, &scanner)
        return report.isEmpty ? nil : report
    }

    /// Reads the `meta` object of a ranking or an embedding that is next, which counts units to be billed.
    mutating func readMeta(_ scanner: inout JSONScanner) throws(JSONFault) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "billed_units") {
                var billed = UsageReport()
                try billed.readObject(.whole, &scanner)
                update(with: billed)
            } else {
                try scanner.skipValue()
            }
        }
    }

    private mutating func readObject(_ part: Part, _ scanner: inout JSONScanner) throws(JSONFault) {
        if try scanner.peek() == .object { return try read(part, &scanner) }
        if try scanner.skipValue().kind != .null { anomaly = true }
    }

    private mutating func read(_ part: Part, _ scanner: inout JSONScanner) throws(JSONFault) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch part {
            case .whole: try readTotals(key, &scanner)
            case .input: try readInputDetail(key, &scanner)
            case .output: try readOutputDetail(key, &scanner)
            case .cacheCreation:
                if scanner.spells(key, "ephemeral_5m_input_tokens") {
                    cacheWrite5m = try count(&scanner)
                } else if scanner.spells(key, "ephemeral_1h_input_tokens") {
                    cacheWrite1h = try count(&scanner)
                } else {
                    try scanner.skipValue()
                }
            case .serverTools:
                if scanner.spells(key, "web_search_requests") {
                    searches = try count(&scanner)
                } else {
                    try scanner.skipValue()
                }
            case .cost: try readCostDetail(key, &scanner)
            }
        }
    }

    private mutating func readTotals(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        if scanner.spells(key, "prompt_tokens") || scanner.spells(key, "input_tokens") {
            input = try count(&scanner) ?? input
        } else if scanner.spells(key, "completion_tokens") || scanner.spells(key, "output_tokens") {
            output = try count(&scanner) ?? output
        } else if scanner.spells(key, "total_tokens") {
            total = try count(&scanner)
        } else if scanner.spells(key, "prompt_tokens_details") || scanner.spells(key, "input_tokens_details")
            || scanner.spells(key, "input_token_details")
        {
            try readObject(.input, &scanner)
        } else if scanner.spells(key, "completion_tokens_details") || scanner.spells(key, "output_tokens_details")
            || scanner.spells(key, "output_token_details")
        {
            try readObject(.output, &scanner)
        } else {
            try readRest(key, &scanner)
        }
    }

    private mutating func readRest(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        if scanner.spells(key, "cache_read_input_tokens") || scanner.spells(key, "prompt_cache_hit_tokens")
            || scanner.spells(key, "cached_tokens")
        {
            cacheRead = try count(&scanner) ?? cacheRead
        } else if scanner.spells(key, "cache_creation_input_tokens") {
            cacheWrite = try count(&scanner) ?? cacheWrite
        } else if scanner.spells(key, "cache_creation") {
            try readObject(.cacheCreation, &scanner)
        } else if scanner.spells(key, "server_tool_use") {
            try readObject(.serverTools, &scanner)
        } else if scanner.spells(key, "search_units") {
            searches = try count(&scanner)
        } else if scanner.spells(key, "seconds") {
            try readSeconds(&scanner)
        } else if scanner.spells(key, "service_tier") {
            try readTier(&scanner)
        } else if scanner.spells(key, "cost_in_usd_ticks") {
            // Ten thousand million ticks are a dollar.
            try readCost(&scanner, shift: -10)
        } else if scanner.spells(key, "cost") {
            if try scanner.peek() == .object { try read(.cost, &scanner) } else { try readCost(&scanner) }
        } else if scanner.spells(key, "cost_details") {
            try readObject(.cost, &scanner)
        } else {
            try scanner.skipValue()
        }
    }

    private mutating func readInputDetail(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        if scanner.spells(key, "cached_tokens") {
            cacheRead = try count(&scanner) ?? cacheRead
        } else if scanner.spells(key, "cache_write_tokens") {
            cacheWrite = try count(&scanner) ?? cacheWrite
        } else if scanner.spells(key, "audio_tokens") {
            inputAudio = try count(&scanner)
        } else if scanner.spells(key, "image_tokens") {
            inputImage = try count(&scanner)
        } else {
            try scanner.skipValue()
        }
    }

    private mutating func readOutputDetail(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        if scanner.spells(key, "reasoning_tokens") || scanner.spells(key, "thinking_tokens") {
            reasoning = try count(&scanner)
        } else if scanner.spells(key, "audio_tokens") {
            outputAudio = try count(&scanner)
        } else {
            try scanner.skipValue()
        }
    }

    /// What a reseller paid counts only where it does not say what it charges.
    private mutating func readCostDetail(_ key: JSONSpan, _ scanner: inout JSONScanner) throws(JSONFault) {
        if scanner.spells(key, "total_cost") {
            try readCost(&scanner)
        } else if scanner.spells(key, "upstream_inference_cost"), cost == nil {
            try readCost(&scanner)
        } else {
            try scanner.skipValue()
        }
    }

    private mutating func readCost(_ scanner: inout JSONScanner, shift: Int = 0) throws(JSONFault) {
        let value = try scanner.skipValue()
        if value.kind == .null { return }
        if let amount = ProviderCost.parse(value, in: scanner.bytes, shift: shift) {
            cost = amount
        } else {
            anomaly = true
        }
    }

    /// Seconds may have a fraction; one that was begun counts.
    mutating func readSeconds(_ scanner: inout JSONScanner) throws(JSONFault) {
        let value = try scanner.skipValue()
        switch value.kind {
        case .null: return
        case .number:
            seconds = number(String(decoding: scanner.bytes[value.range], as: UTF8.self), mayHaveFraction: true)
        case .string: seconds = number(JSONText.string(value, in: scanner.bytes), mayHaveFraction: true)
        default: anomaly = true
        }
    }

    private mutating func readTier(_ scanner: inout JSONScanner) throws(JSONFault) {
        let value = try scanner.skipValue()
        tier = Self.tier(value, in: scanner)
    }

    /// The service tier a string names; nil for the standard one, and for what names none.
    static func tier(_ value: JSONSpan, in scanner: JSONScanner) -> String? {
        guard value.kind == .string, 3...tierBytes + 2 ~= value.range.count,
            !Dialect.isStandardTier(value, in: scanner)
        else { return nil }
        return JSONText.string(value, in: scanner.bytes)
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
        return number(String(decoding: scanner.bytes[value.range], as: UTF8.self), mayHaveFraction: false)
    }

    /// A fraction counts as a whole one, what is too large as the largest count.
    private mutating func number(_ text: String, mayHaveFraction: Bool) -> Int64 {
        guard let number = Double(text), number >= 0 else {
            anomaly = true
            return 0
        }
        let whole = number.rounded(.up)
        guard let count = Int64(exactly: whole) else {
            anomaly = true
            return .max
        }
        // Beyond 2^53 such a number has lost its last digits.
        if !mayHaveFraction && whole != number || number >= 0x1p53 { anomaly = true }
        return count
    }
}
