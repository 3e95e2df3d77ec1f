/// Where a member of an object lies, from the quote of its key to the end of its value.
struct JSONMember: Equatable, Sendable {
    let start: Int
    let value: Range<Int>

    /// The whole member without the commas around it.
    var range: Range<Int> { start..<value.upperBound }

    /// What to cut so that the object stays an object: the member and one comma beside it, if there is one.
    func removal(in bytes: UnsafeRawBufferPointer) -> Range<Int> {
        var before = start
        while before > 0, JSONScanner.isSpace(bytes[before - 1]) { before -= 1 }
        if before > 0, bytes[before - 1] == UInt8(ascii: ",") { return before - 1..<value.upperBound }
        var after = value.upperBound
        while after < bytes.count, JSONScanner.isSpace(bytes[after]) { after += 1 }
        if after < bytes.count, bytes[after] == UInt8(ascii: ",") { return start..<after + 1 }
        return range
    }
}
