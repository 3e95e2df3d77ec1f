/// The meters without a column of their own, as the ledger stores them: `{"input_audio":12,"image":2}`.
extension TokenUsage {
    /// The meters that the ledger and its roll-ups keep in columns; the others are rare.
    static let columnMeters: [Meter] = [
        .input, .inputCacheRead, .inputCacheWrite5m, .inputCacheWrite1h, .output, .outputReasoning,
    ]
    static let otherMeters = Meter.allCases.filter { !columnMeters.contains($0) }

    /// A JSON object of the other meters that are not 0; nil if all are.
    var otherMetersText: String? {
        guard hasOtherMeters else { return nil }
        let members = Self.otherMeters.filter { self[$0] != 0 }.map { "\"\($0.rawValue)\":\(self[$0])" }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// Whether any meter without a column counts something.
    var hasOtherMeters: Bool { Self.otherMeters.contains { self[$0] != 0 } }

    /// Takes over what `otherMetersText` wrote; false, and nothing taken over, if it is anything else.
    mutating func readOtherMeters(_ text: String) -> Bool {
        guard text.hasPrefix("{\""), text.hasSuffix("}") else { return false }
        var read = self
        for member in text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false) {
            let parts = member.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].count > 2, parts[0].hasPrefix("\""), parts[0].hasSuffix("\""),
                let meter = Meter(rawValue: String(parts[0].dropFirst().dropLast())),
                Self.otherMeters.contains(meter), let count = Int64(parts[1])
            else { return false }
            read[meter] = count
        }
        self = read
        return true
    }
}
