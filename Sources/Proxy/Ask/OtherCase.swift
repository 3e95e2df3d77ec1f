/// Finds names that are a known one but for the case of their letters: some servers match names that way, and to some
/// of them `ſ`, `ı`, `İ` and the sign of the kelvin are letters of another case too.
struct OtherCase {
    private let names: Set<String>
    private let folded: Set<String>

    init(of names: [String]) {
        self.names = Set(names)
        folded = Set(names.map(Self.fold))
    }

    /// Whether the key is such a name.
    func contains(_ key: JSONSpan, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard key.range.count <= AskMember.spelledBytesAtMost else { return false }
        let name = UnsafeRawBufferPointer(rebasing: bytes[key.start + 1..<key.end - 1])
        guard key.isEscaped || name.contains(where: { 0x41...0x5A ~= $0 || $0 >= 0x80 }) else { return false }
        let text = JSONText.string(key, in: bytes)
        return !names.contains(text) && folded.contains(Self.fold(text))
    }

    private static func fold(_ name: String) -> String {
        // `İ` becomes a small letter and a dot of its own.
        let letters = name.lowercased().uppercased().unicodeScalars.filter { $0 != "\u{307}" }
        return String(String.UnicodeScalarView(letters))
    }
}
