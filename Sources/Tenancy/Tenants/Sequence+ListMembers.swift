extension Sequence<String> {
    /// The members of a header's values that are lists with commas, in order, without the spaces and tabs around them;
    /// what is empty then is no member (RFC 9110 §5.6.1). Quotes shield no comma. By bytes: a comma with a combining
    /// mark behind it is one character, which is no comma.
    public var listMembers: [Substring] {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        return flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }.compactMap { part in
            let head = part.drop(while: isBlank)
            guard let last = head.lastIndex(where: { !isBlank($0) }) else { return nil }
            return Substring(head[...last])
        }
    }
}
