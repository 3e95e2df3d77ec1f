/// Words of a YAML text.
enum YAMLText {
    private static let words: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]

    /// Plain where nobody could read anything else, in double quotes otherwise.
    static func scalar(_ text: String) -> String {
        let isWord = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "_-./".utf8.contains($0)
            }
        }
        let startsWell = text.utf8.first.map { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) } ?? false
        return isWord && startsWell && !words.contains(text.lowercased()) ? text : quoted(text)
    }

    /// In double quotes; JSON's escapes are YAML's.
    static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).bytes, as: UTF8.self)
    }
}
