/// Finds where in a text an offset lies, to name it in a refusal: `messages[2].content[0].type`.
///
/// Readers keep no path as they go; this walks the bytes once more, for refused requests and for the first picture of
/// one, which may have to be named.
struct JSONPath {
    private enum Step {
        case member(JSONSpan)
        case element(Int)
    }

    private let target: Int
    private var scanner: JSONScanner
    private var steps: [Step] = []

    /// The path of the value or of the member whose key begins at `offset`; the bytes before it must be checked JSON.
    static func text(at offset: Int, in bytes: UnsafeRawBufferPointer, givesWay: Bool = false) -> String {
        var path = JSONPath(target: offset, scanner: JSONScanner(bytes))
        if givesWay { path.scanner.givesWayAt = 0 }
        do throws(JSONFault) {
            _ = try path.find()
        } catch {
            // Not before the target, whose bytes were checked: the steps so far lead there.
        }
        return path.steps.reduce(into: "") { text, step in
            switch step {
            case .member(let key): text += (text.isEmpty ? "" : ".") + JSONText.string(key, in: bytes)
            case .element(let index): text += "[\(index)]"
            }
        }
    }

    /// True once the steps lead to the target.
    private mutating func find() throws(JSONFault) -> Bool {
        let kind = try scanner.peek()
        if scanner.offset >= target { return true }
        switch kind {
        case .object:
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                steps.append(.member(key))
                if key.start >= target { return true }
                if try find() { return true }
                steps.removeLast()
            }
        case .array:
            try scanner.enterArray()
            var index = 0
            while try scanner.nextElement() {
                steps.append(.element(index))
                if try find() { return true }
                steps.removeLast()
                index += 1
            }
        default: try scanner.skipValue()
        }
        return false
    }
}
