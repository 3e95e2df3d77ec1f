/// The name of one hold: its request and attempt, written `req_….1`.
public struct HoldID: Hashable, Sendable, CustomStringConvertible {
    /// The request id as clients see it.
    public let request: String
    /// The attempt, from 1.
    public let attempt: Int

    /// The hold of an attempt.
    public init(request: String, attempt: Int) {
        self.request = request
        self.attempt = attempt
    }

    /// Reads what `text` wrote; nil for anything else.
    public init?(_ text: String) {
        guard let point = text.lastIndex(of: "."), let attempt = Int(text[text.index(after: point)...]), attempt >= 0,
            point > text.startIndex
        else { return nil }
        self.init(request: String(text[..<point]), attempt: attempt)
        // The library reads signs and leading zeros, too.
        guard self.text == text else { return nil }
    }

    /// The request, a point and the attempt.
    public var text: String { "\(request).\(attempt)" }

    /// The same as `text`.
    public var description: String { text }
}
