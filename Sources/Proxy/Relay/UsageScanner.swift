import NIOCore

/// Keeps the latest usage a backend reported for one attempt; cumulative reports replace each other.
struct UsageScanner {
    /// The latest report; nil while there was none.
    private(set) var latest: UsageReading?
    /// Whether any report was clamped.
    private(set) var anomaly = false

    /// Reads a whole JSON answer or the data of one stream event; nil if it is not a JSON object.
    @discardableResult
    mutating func read(_ bytes: ByteBuffer) -> OpenAIAnswer? {
        guard let answer = bytes.withUnsafeReadableBytes({ OpenAIAnswer($0) }) else { return nil }
        if case .reported(let reading) = answer.usage {
            latest = reading
            anomaly = anomaly || reading.anomaly
        }
        return answer
    }
}
