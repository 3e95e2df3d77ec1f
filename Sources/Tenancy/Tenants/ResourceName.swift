import Foundation

/// The one rule for names and for other texts that operators choose.
///
/// A fault is a clause that stands after the name of the field: `must not be empty`.
public enum ResourceName {
    /// Bytes of a name.
    public static let bytesAtMost = 128
    /// Bytes of a model's name at a backend.
    public static let upstreamBytesAtMost = 256

    /// What is wrong with the name of a resource; nil if nothing is.
    public static func fault(_ text: String) -> String? { fault(name: text, bytesAtMost: bytesAtMost) }

    /// What is wrong with a name; nil if nothing is. Two names differ for the eye too: one that only looks like another
    /// is refused.
    public static func fault(name text: String, bytesAtMost limit: Int) -> String? {
        if let fault = fault(label: text, bytesAtMost: limit) { return fault }
        guard text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
            return "must not begin or end with white space"
        }
        guard text.unicodeScalars.allSatisfy({ !isOddSpace($0) }) else { return "holds a space that is no plain one" }
        // Two ways to write one name would be two names that nobody can tell apart.
        guard text.utf8.elementsEqual(composed(text).utf8) else { return "must be in Unicode normalization form C" }
        return nil
    }

    /// The same for text that is shown in tables, logs and exports: no formula for a spreadsheet, in half or full
    /// width, nothing that breaks a line or turns the direction of what follows, and nothing that cannot be seen.
    public static func fault(label text: String, bytesAtMost limit: Int) -> String? {
        if let fault = fault(text: text, bytesAtMost: limit) { return fault }
        if let first = text.unicodeScalars.first, beginsFormula(first) { return "must not begin with one of = + - @" }
        guard text.unicodeScalars.allSatisfy(isPlain) else {
            return "holds a character that breaks lines or turns text around"
        }
        guard seen(text).count == text.unicodeScalars.count else { return "holds a character that cannot be seen" }
        return nil
    }

    /// What is wrong with a model's name at a backend: a label, but there are providers whose names begin with @, and
    /// no export shows them.
    public static func upstreamFault(_ text: String) -> String? {
        fault(label: text.hasPrefix("@") ? String(text.dropFirst()) : text, bytesAtMost: upstreamBytesAtMost)
    }

    /// The same for any other text: not empty, not too long, no control characters.
    public static func fault(text: String, bytesAtMost limit: Int) -> String? {
        if text.isEmpty { return "must not be empty" }
        if text.utf8.count > limit { return "is longer than \(limit) bytes" }
        let hasControls = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
        return hasControls ? "holds a control character" : nil
    }

    /// A good name made of any text, of at most `limit` bytes; nil if nothing is left of it.
    public static func mended(_ text: String, bytesAtMost limit: Int) -> String? {
        let plain = seen(text).map { isPlain($0) && !isOddSpace($0) ? $0 : " " }
        var name = composed(String(String.UnicodeScalarView(plain)))
        while let first = name.unicodeScalars.first, beginsFormula(first) || first.properties.isWhitespace {
            name.unicodeScalars.removeFirst()
        }
        while name.utf8.count > limit || name.last?.isWhitespace == true { name.removeLast() }
        return fault(name) == nil ? name : nil
    }

    private static func composed(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }

    private static func beginsFormula(_ scalar: Unicode.Scalar) -> Bool {
        "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains(scalar)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: !scalar.properties.isBidiControl && scalar != "\u{FEFF}"
        }
    }

    /// A space that looks like the plain one; the wide one of Chinese and Japanese does not.
    private static func isOddSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .spaceSeparator && scalar != " " && scalar != "\u{3000}"
    }

    /// The text without what cannot be seen: zero-width characters, fillers, soft hyphens and their like. The two that
    /// make another picture of emoji stay where they do.
    private static func seen(_ text: String) -> [Unicode.Scalar] {
        var kept: [Unicode.Scalar] = []
        var last: Unicode.Scalar?
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            let isSeen = !isInvisible(scalar) || changesEmoji(scalar, after: last, before: rest.first)
            if isSeen || !isPlain(scalar) { kept.append(scalar) }
            last = scalar
        }
        return kept
    }

    /// The blank Braille pattern has a width and nothing in it.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.generalCategory == .format
            || scalar == "\u{2800}"
    }

    private static func changesEmoji(
        _ scalar: Unicode.Scalar, after last: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Bool {
        guard let last else { return false }
        switch scalar {
        case "\u{FE0F}": return isEmoji(last) && !last.properties.isEmojiPresentation
        case "\u{200D}": return (isEmoji(last) || last == "\u{FE0F}") && next.map(isEmoji) == true
        default: return false
        }
    }

    /// Digits and signs that may be drawn as emoji are none here.
    private static func isEmoji(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x2000 && scalar.properties.isEmoji
    }
}
