/// A response head read line by line without regard to speed; what the product's parser is compared with.
struct NaiveHead {
    private(set) var status = 0
    private(set) var isStreamed = false
    private(set) var headers: [(name: String, value: String)] = []
    private(set) var isComplete = false
    private(set) var isMalformed = false
    /// What it said of its body's length, one after the other.
    private var lengths: [Int64?] = []
    /// Of some line, and the lines folded into it, it was said that the body comes in chunks.
    private(set) var isChunked = false
    /// What was said of the chunks was taken back, or a length is none.
    private var isDoubtful = false

    init(_ lines: [[UInt8]]) {
        var bytes = 0
        var interims = 0
        var isOpen = false
        for line in lines {
            bytes += line.count
            if bytes > 65_536 || line.count > 16_386 { isMalformed = true }
            if isMalformed { return }
            if isComplete { continue }
            let text = Self.trimmed(line)
            if text.isEmpty {
                let isInterim = 100...199 ~= status
                if isInterim { interims += 1 }
                isMalformed =
                    !isOpen || isInterim && (status == 101 || interims > 16)
                    || !isInterim && isContradictory
                isComplete = !isMalformed && !isInterim
                isOpen = false
            } else if String(decoding: line, as: UTF8.self).unicodeScalars.starts(with: "HTTP/".unicodeScalars) {
                isMalformed = !begin(text)
                isOpen = true
            } else {
                isMalformed = !isOpen || !add(text, isFolded: line[0] == 0x20 || line[0] == 0x09)
            }
        }
    }

    /// The values of all fields of that name.
    func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map { $0.value } }

    /// Without spaces, tabs and line ends around it.
    static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isSpace = { (byte: UInt8) in [0x20, 0x09, 0x0D, 0x0A].contains(byte) }
        return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private mutating func begin(_ text: [UInt8]) -> Bool {
        let words = text.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count > 1, words[1].count == 3, words[1].allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
        status = Int(String(decoding: words[1], as: UTF8.self)) ?? 0
        isStreamed = words[0].starts(with: "HTTP/2".utf8)
        headers = []
        lengths = []
        isChunked = false
        isDoubtful = false
        return status >= 100
    }

    private mutating func add(_ text: [UInt8], isFolded: Bool) -> Bool {
        if isFolded {
            guard !headers.isEmpty else { return false }
            let joined = headers[headers.count - 1].value + " " + String(decoding: text, as: UTF8.self)
            headers[headers.count - 1].value = String(decoding: Self.trimmed(Array(joined.utf8)), as: UTF8.self)
            noteFraming()
            return true
        }
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return false }
        let name = Self.lowercased(parts[0])
        let value = Self.trimmed(Array(parts[1]))
        headers.append((name, String(decoding: value, as: UTF8.self)))
        noteFraming()
        return true
    }

    /// ASCII letters only: to Unicode the sign of the kelvin is a `k` too.
    static func lowercased(_ text: some Sequence<UInt8>) -> String {
        String(decoding: text.map { 0x41...0x5A ~= $0 ? $0 + 32 : $0 }, as: UTF8.self)
    }

    private mutating func noteFraming() {
        guard let last = headers.last else { return }
        if last.name == "content-length" {
            let isNumber = last.value.utf8.allSatisfy { (0x30...0x39).contains($0) }
            lengths.append(isNumber ? Int64(last.value) : nil)
            if !last.value.isEmpty, !isNumber || Int64(last.value) == nil { isDoubtful = true }
        } else if last.name == "transfer-encoding" {
            let isChunks = Self.lowercased(last.value.utf8) == "chunked"
            if isChunked, !isChunks { isDoubtful = true }
            if isChunks { isChunked = true }
        }
    }

    /// Two lengths of the body, or one and chunks.
    private var isContradictory: Bool {
        let changes = zip(lengths, lengths.dropFirst()).contains { $0 != nil && $0 != $1 }
        return changes || isDoubtful || isChunked && lengths.last.flatMap { $0 } != nil
    }
}
