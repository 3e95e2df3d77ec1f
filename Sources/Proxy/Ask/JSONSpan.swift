/// The sort of a JSON value.
enum JSONKind: Equatable {
    case object, array, string, number, yes, no, null
}

/// Where a checked JSON value lies in the text: a string includes its quotes.
struct JSONSpan: Equatable {
    let kind: JSONKind
    let start: Int
    let end: Int
    /// Whether a string holds an escape sequence.
    var isEscaped = false

    var range: Range<Int> { start..<end }
}
