import Glibc

/// The parts of a `multipart/form-data` body (RFC 7578), in one pass that is linear in its bytes.
///
/// What two readers could take for different forms is refused: text before the first or after the last delimiter, bare
/// line feeds, transfer encodings, a name spelled in two ways.
struct MultipartForm {
    static let mostParts = 64
    /// Bytes of one part's head.
    static let headLimit = 8 * 1024

    struct Part {
        let name: String
        /// Where its content lies in the body.
        let content: Range<Int>
        let isFile: Bool
    }

    let parts: [Part]

    private static let carriageReturn = UInt8(ascii: "\r")
    private static let lineFeed = UInt8(ascii: "\n")

    /// Reads the parts of `bytes`, which are delimited by `boundary`.
    init(_ bytes: UnsafeRawBufferPointer, boundary: String) throws(AskError) {
        let delimiter = Array(("\r\n--" + boundary).utf8)
        var parts: [Part] = []
        // The first delimiter may lack the line break before it.
        var position = bytes.starts(with: delimiter) ? delimiter.count : delimiter.count - 2
        guard bytes.count >= position, position == delimiter.count || bytes.starts(with: delimiter.dropFirst(2)) else {
            throw .malformedForm("it must begin with the boundary that its content type names")
        }
        while try Self.opensPart(bytes, &position) {
            guard parts.count < Self.mostParts else { throw .malformedForm("more than \(Self.mostParts) parts") }
            let head = try Self.head(bytes, from: position)
            position = head.end
            // Some readers take the blank line for the delimiter's own line break and find a part here, others content.
            if bytes[position...].starts(with: delimiter.dropFirst(2)) {
                throw .malformedForm("a part without the line break that ends its content")
            }
            guard let end = Self.find(delimiter, in: bytes, from: position) else {
                throw .malformedForm("it ends inside a part")
            }
            parts.append(Part(name: head.name, content: position..<end, isFile: head.isFile))
            position = end + delimiter.count
        }
        self.parts = parts
    }

    /// What follows a delimiter: true if another part, false if the end of the form.
    private static func opensPart(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(AskError) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
        if rest.starts(with: "--".utf8) {
            guard rest.count == 2 || rest.dropFirst(2).elementsEqual("\r\n".utf8) else {
                throw .malformedForm("bytes after its end")
            }
            return false
        }
        // Transport padding: spaces and tabs, which a head's limit bounds too.
        let padding = rest.prefix(headLimit).prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        guard rest.dropFirst(padding).starts(with: "\r\n".utf8) else {
            throw .malformedForm(rest.count == padding ? "it lacks its end" : "a delimiter that does not end its line")
        }
        position += padding + 2
        return true
    }

    /// The head of the part at `start`: what it is called, and where its content begins.
    private static func head(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(AskError) -> (name: String, isFile: Bool, end: Int) {
        let limit = min(bytes.count, start + headLimit)
        var position = start
        var disposition: MultipartDisposition?
        while true {
            var end = position
            while end < limit, bytes[end] != carriageReturn, bytes[end] != lineFeed { end += 1 }
            guard end + 1 < limit else { throw .malformedForm("the head of a part is too long or incomplete") }
            guard bytes[end] == carriageReturn, bytes[end + 1] == lineFeed else {
                throw .malformedForm("a line in the head of a part does not end in CRLF")
            }
            let line = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            position = end + 2
            if line.isEmpty { break }
            try read(line, into: &disposition)
        }
        guard let disposition else { throw .malformedForm("a part without a content disposition") }
        return (disposition.name, disposition.isFile, position)
    }

    private static func read(
        _ line: UnsafeRawBufferPointer, into disposition: inout MultipartDisposition?
    ) throws(AskError) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw .malformedForm("a line in the head of a part that is no field") }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...])
        switch name {
        case "content-disposition":
            guard disposition == nil else { throw .malformedForm("a part with two content dispositions") }
            disposition = try MultipartDisposition(value)
        case "content-transfer-encoding":
            // Longer ones are none of these.
            let encoding = String(decoding: value.prefix(64), as: UTF8.self).lowercased()
            guard ["7bit", "8bit", "binary"].contains(encoding.drop { $0 == " " }) else {
                throw .malformedForm("a part with a transfer encoding")
            }
        default: break
        }
    }

    /// The first place of `delimiter`; every byte is compared once, as its carriage return occurs only at its start.
    private static func find(_ delimiter: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var position = start
        guard let base = bytes.baseAddress else { return nil }
        while position < bytes.count {
            let rest = bytes.count - position
            guard let hit = memchr(base + position, Int32(carriageReturn), rest) else { return nil }
            let found = UnsafeRawPointer(hit) - base
            if bytes[found...].starts(with: delimiter) { return found }
            position = found + 1
        }
        return nil
    }
}
