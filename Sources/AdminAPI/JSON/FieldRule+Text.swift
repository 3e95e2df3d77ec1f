import Foundation

extension FieldRule where Value == String {
    /// Any text of at most `limit` bytes without control characters, not empty.
    static func text(atMost limit: Int = 256) -> FieldRule {
        FieldRule { value throws(FieldFault) in
            guard case .string(let text) = value else { throw FieldFault("must be a string, not \(value.kind)") }
            guard !text.isEmpty else { throw FieldFault("must not be empty") }
            guard text.utf8.count <= limit else { throw FieldFault("is longer than \(limit) bytes") }
            guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw FieldFault("holds a control character")
            }
            return text
        }
    }

    /// Text that is shown in tables, logs and exports: no formula for a spreadsheet, in half or full width, and nothing
    /// that breaks a line or turns the direction of what follows.
    static func label(atMost limit: Int) -> FieldRule {
        FieldRule { value throws(FieldFault) in
            let text = try FieldRule.text(atMost: limit).read(value)
            guard let first = text.unicodeScalars.first,
                !"=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains(first)
            else { throw FieldFault("must not begin with one of = + - @") }
            let isPlain = text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .lineSeparator, .paragraphSeparator: false
                default: !scalar.properties.isBidiControl && scalar != "\u{FEFF}"
                }
            }
            guard isPlain else { throw FieldFault("holds a character that breaks lines or turns text around") }
            return text
        }
    }

    /// The name of a resource.
    static var name: FieldRule {
        FieldRule { value throws(FieldFault) in
            let text = try FieldRule.label(atMost: 128).read(value)
            guard text.first?.isWhitespace == false, text.last?.isWhitespace == false else {
                throw FieldFault("must not begin or end with white space")
            }
            // Two ways to write one name would be two names that nobody can tell apart.
            guard text.utf8.elementsEqual(text.precomposedStringWithCanonicalMapping.utf8) else {
                throw FieldFault("must be in Unicode normalization form C")
            }
            return text
        }
    }

    /// A reference to a resource by id or name; what it points at is checked later.
    static var reference: FieldRule { .text(atMost: 128) }
}

extension FieldRule where Value == [String] {
    /// An array of texts.
    static func texts(_ rule: FieldRule<String>, atMost limit: Int) -> FieldRule {
        FieldRule { value throws(FieldFault) in
            guard case .array(let values) = value else { throw FieldFault("must be an array, not \(value.kind)") }
            guard values.count <= limit else { throw FieldFault("holds more than \(limit) items") }
            var texts: [String] = []
            for (index, value) in values.enumerated() {
                do throws(FieldFault) {
                    texts.append(try rule.read(value))
                } catch {
                    throw FieldFault(error.detail, at: "/\(index)", code: error.code)
                }
            }
            return texts
        }
    }
}

extension FieldRule where Value == [String: String] {
    /// Up to 32 tags: names of 1-64 bytes, values up to 256 bytes.
    static var tags: FieldRule {
        FieldRule { value throws(FieldFault) in
            guard case .object(let members) = value else { throw FieldFault("must be an object, not \(value.kind)") }
            guard members.count <= 32 else { throw FieldFault("holds more than 32 tags") }
            var tags: [String: String] = [:]
            for member in members {
                let subpath = "/" + JSONPointer.escaped(member.name)
                do throws(FieldFault) {
                    _ = try FieldRule<String>.label(atMost: 64).read(.string(member.name))
                    tags[member.name] = try FieldRule<String>.label(atMost: 256).read(member.value)
                } catch {
                    throw FieldFault(error.detail, at: subpath)
                }
            }
            return tags
        }
    }
}
