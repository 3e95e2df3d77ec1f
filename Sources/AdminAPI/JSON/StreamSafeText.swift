/// Tells texts whose letters have few enough marks (UAX #15 §13): Swift compares texts by what their characters are
/// made of, which takes the square of as many marks as stand on one letter.
enum StreamSafeText {
    static let marksAtMost = 30

    static func holds(_ text: String) -> Bool {
        if text.utf8.count <= marksAtMost { return true }
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = scalar.isASCII || scalar.properties.canonicalCombiningClass == .notReordered ? 0 : marks + 1
            if marks > marksAtMost { return false }
        }
        return true
    }
}
