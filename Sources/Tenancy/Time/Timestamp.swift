/// An instant in UTC with microsecond resolution, as stored in the database.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; may be negative.
    public let microseconds: Int64

    /// So far from 1970, some 146,000 years, that no sum or difference of two instants is out of range.
    private static let farthest = Int64.max / 2

    /// An instant from its microseconds since 1970, at most half the range of the number away.
    public init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, -Self.farthest), Self.farthest)
    }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// This instant moved by `milliseconds`; saturates at the ends of the range.
    public func adding(milliseconds: Int64) -> Timestamp {
        let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
        let delta = overflow ? (milliseconds < 0 ? Int64.min : Int64.max) : product
        let (sum, wrapped) = microseconds.addingReportingOverflow(delta)
        return Timestamp(microseconds: wrapped ? (delta < 0 ? Int64.min : Int64.max) : sum)
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }
}

extension Timestamp: Codable {
    /// Its microseconds since 1970.
    public init(from decoder: any Decoder) throws {
        self.init(microseconds: try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Its microseconds since 1970.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
