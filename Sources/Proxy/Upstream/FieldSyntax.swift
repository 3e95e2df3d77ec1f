/// What may stand in a request head: nothing that could end its line early or begin another field.
enum FieldSyntax {
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ";") }
    }

    static func isValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
    }

    /// Whether the text can stand as a method on the request line.
    static func isMethod(_ method: String) -> Bool {
        !method.isEmpty && method.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
    }

    static func hasBody(_ method: String) -> Bool {
        method != "GET" && method != "HEAD"
    }

    /// Whether the field is about how the request is carried, which is for the client to say.
    static func isFraming(_ name: String) -> Bool {
        FieldName.matches(name, "content-length") || FieldName.matches(name, "transfer-encoding")
            || FieldName.matches(name, "expect")
    }
}
