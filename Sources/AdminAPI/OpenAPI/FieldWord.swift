/// What the document says of a field by its name, wherever it stands: one meaning a name.
struct FieldWord: Sendable {
    let text: String
    /// The JSON type and format of it where an answer's sample shows none.
    var type: String?
    var format: String?

    static func text(_ text: String) -> FieldWord { FieldWord(text: text, type: "string") }
    static func whole(_ text: String) -> FieldWord { FieldWord(text: text, type: "integer") }
    static func number(_ text: String) -> FieldWord { FieldWord(text: text, type: "number") }
    static func list(_ text: String) -> FieldWord { FieldWord(text: text, type: "array") }
    static func object(_ text: String) -> FieldWord { FieldWord(text: text, type: "object") }
    /// An instant.
    static func instant(_ text: String) -> FieldWord {
        FieldWord(text: text + " RFC 3339, UTC in answers.", type: "string", format: "date-time")
    }
    /// US dollars.
    static func money(_ text: String) -> FieldWord {
        FieldWord(text: text + " US dollars, a decimal string.", type: "string", format: "decimal")
    }
    /// What takes several types, or where the sample shows it.
    static func any(_ text: String) -> FieldWord { FieldWord(text: text) }
}
