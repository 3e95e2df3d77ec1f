import NIOCore

/// Writes JSON text into a buffer: the small answers the gateway makes itself.
struct JSONWriter {
    /// The text so far.
    private(set) var buffer: ByteBuffer
    private var needsComma = false

    init(capacity: Int = 512) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// `{`, then whatever `members` writes, then `}`.
    mutating func object(_ members: (inout JSONWriter) -> Void) {
        nest("{", "}", members)
    }

    /// `[`, then whatever `elements` writes, then `]`.
    mutating func array(_ elements: (inout JSONWriter) -> Void) {
        nest("[", "]", elements)
    }

    /// A member's name; its value is the next thing written.
    mutating func key(_ name: StaticString) {
        separate()
        buffer.writeStaticString("\"")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    /// A member's name that is data; its value is the next thing written.
    mutating func key(text name: String) {
        string(name)
        buffer.writeStaticString(":")
        needsComma = false
    }

    /// A string value, escaped.
    mutating func string(_ value: String) {
        separate()
        buffer.writeStaticString("\"")
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
            case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
            case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
            case 0..<0x20:
                buffer.writeStaticString("\\u00")
                buffer.writeInteger(Self.hex(byte >> 4))
                buffer.writeInteger(Self.hex(byte & 15))
            default: buffer.writeInteger(byte)
            }
        }
        buffer.writeStaticString("\"")
        needsComma = true
    }

    /// A string value, or `null` when there is none.
    mutating func string(_ value: String?) {
        if let value { string(value) } else { null() }
    }

    /// An integer value.
    mutating func integer(_ value: Int64) {
        number(String(value))
    }

    /// A number that is already JSON text.
    mutating func number(_ text: String) {
        separate()
        buffer.writeString(text)
        needsComma = true
    }

    /// `true` or `false`.
    mutating func bool(_ value: Bool) {
        separate()
        buffer.writeStaticString(value ? "true" : "false")
        needsComma = true
    }

    /// `null`.
    mutating func null() {
        separate()
        buffer.writeStaticString("null")
        needsComma = true
    }

    private mutating func nest(_ open: StaticString, _ close: StaticString, _ content: (inout JSONWriter) -> Void) {
        separate()
        buffer.writeStaticString(open)
        needsComma = false
        content(&self)
        buffer.writeStaticString(close)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { buffer.writeStaticString(",") }
    }

    private static func hex(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}
