import CYaml

/// Looks through the events of a YAML text before it becomes values, so that a few lines of aliases to aliases are not
/// more than any machine holds. The library follows those of a key by itself, to see whether it stands there twice.
struct AliasLimit {
    private struct Open {
        let anchor: String?
        let isMapping: Bool
        /// Values in it so far, itself included.
        var size = 1
        /// In a mapping every other one is a key.
        var children = 0
    }

    /// How many values a text may stand for.
    private let most: Int
    /// What each anchor stands for: its value, and all that is in it.
    private var sizes: [String: Int] = [:]
    private var open: [Open] = []

    /// Throws when aliases lead to more than `most` values, or a key is no text. What is no YAML is not told here.
    static func check(_ text: String, most: Int) throws(DocumentFault) {
        var limit = AliasLimit(most: most)
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { return }
        defer { yaml_parser_delete(&parser) }
        var bytes = Array(text.utf8)
        let fault = bytes.withUnsafeMutableBufferPointer { buffer -> DocumentFault? in
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            while true {
                var event = yaml_event_t()
                guard yaml_parser_parse(&parser, &event) == 1 else { return nil }
                defer { yaml_event_delete(&event) }
                if event.type == YAML_STREAM_END_EVENT { return nil }
                if let problem = limit.take(event) {
                    return DocumentFault(place: .line(Int(event.start_mark.line) + 1), text: problem)
                }
            }
        }
        if let fault { throw fault }
    }

    private init(most: Int) {
        self.most = most
    }

    /// What is wrong with the text as far as this event; nil if nothing is.
    private mutating func take(_ event: yaml_event_t) -> String? {
        switch event.type {
        case YAML_SCALAR_EVENT:
            if let anchor = Self.text(event.data.scalar.anchor) { sizes[anchor] = 1 }
            return add(1)
        case YAML_ALIAS_EVENT:
            return add(Self.text(event.data.alias.anchor).flatMap { sizes[$0] } ?? 1)
        case YAML_SEQUENCE_START_EVENT:
            open.append(Open(anchor: Self.text(event.data.sequence_start.anchor), isMapping: false))
        case YAML_MAPPING_START_EVENT:
            open.append(Open(anchor: Self.text(event.data.mapping_start.anchor), isMapping: true))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let closed = open.popLast() else { return nil }
            if let anchor = closed.anchor { sizes[anchor] = closed.size }
            return add(closed.size, isCollection: true)
        default: break
        }
        return nil
    }

    /// Counts a value into the collection that it stands in.
    private mutating func add(_ size: Int, isCollection: Bool = false) -> String? {
        guard var parent = open.popLast() else { return nil }
        let isKey = parent.isMapping && parent.children.isMultiple(of: 2)
        if isKey, isCollection || size > 1 { return "has a key that is no text" }
        parent.children += 1
        parent.size += size
        open.append(parent)
        // Neither of the two was more before.
        return parent.size > most ? "has too many aliases to follow" : nil
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }
}
