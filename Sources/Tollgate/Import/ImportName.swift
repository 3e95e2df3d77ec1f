import Tenancy

/// Names as Tollgate takes them, made of names from elsewhere.
enum ImportName {
    /// The text as a good name of at most 100 bytes, so that a number still fits behind it.
    static func cleaned(_ text: String) -> String {
        ResourceName.mended(text, bytesAtMost: 100) ?? "unnamed"
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

    /// Whether a name was kept, byte for byte.
    static func isKept(_ name: String, as other: String) -> Bool { name.utf8.elementsEqual(other.utf8) }

    /// A text as it may be printed: what breaks lines, hides or drives a terminal stands as U+FFFD.
    static func shown(_ text: String) -> String {
        if ResourceName.fault(label: "a" + text, bytesAtMost: .max) == nil { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    ResourceName.fault(label: "a\(scalar)", bytesAtMost: .max) == nil ? scalar : "\u{FFFD}"
                }))
    }

    /// Letters, digits and underscores, for an environment variable.
    static func variable(_ text: String) -> String {
        let name = String(
            text.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        return name.first?.isNumber == true ? "_" + name : name
    }
}
