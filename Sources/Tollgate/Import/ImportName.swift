/// Names as Tollgate takes them, made of names from elsewhere.
enum ImportName {
    /// Without control characters and without what a spreadsheet would read as a formula; at most 100 bytes.
    static func cleaned(_ text: String) -> String {
        var name = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
        while let first = name.first, "=+-@ ".contains(first) { name.removeFirst() }
        while name.utf8.count > 100 || name.hasSuffix(" ") { name.removeLast() }
        return name.isEmpty ? "unnamed" : name
    }

    /// The name itself, or with the first number that makes it new; the name counts as taken afterwards.
    static func unique(_ name: String, among taken: inout Set<String>) -> String {
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)-\(number)"
            number += 1
        }
        return candidate
    }

    /// Letters, digits and underscores, for an environment variable.
    static func variable(_ text: String) -> String {
        let name = String(
            text.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber == true ? "_" + name : name
    }

    /// One word of a shell command.
    static func shell(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-_./:=,@%+".utf8.contains($0)
            }
        }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
