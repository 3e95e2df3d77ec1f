import NIOCore
import NIOHTTP1

/// The head of an answer, written as it goes out on the wire, field by field; pure.
///
/// Written in place of the codec's encoder, which wants every field as two strings in a collection of its own: that was
/// a tenth of what a request costs.
///
/// It cannot be copied, so that its bytes never are.
struct AnswerHead: ~Copyable {
    /// Whether the fields say how long the body is.
    private(set) var hasLength = false
    private var bytes: ByteBuffer

    /// Begins a head behind what `buffer` holds.
    init(status: Int, version: HTTPVersion, after buffer: consuming ByteBuffer) {
        bytes = buffer
        bytes.writeStaticString(version == .http1_0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        if status == 200 {
            bytes.writeStaticString("200 OK\r\n")
        } else {
            let status = HTTPResponseStatus(statusCode: status)
            bytes.writeString("\(status.code) \(status.reasonPhrase)\r\n")
        }
    }

    /// Adds a field. A control character in its value becomes a space, so that no value can end its line. What is
    /// longer than any name may be is cut: a damaged row must not make a head that no client reads.
    mutating func add(_ name: StaticString, _ value: String) {
        add(Self.bytes(of: name), value, atMost: 1024)
    }

    @inline(__always)
    private mutating func add(_ name: UnsafeRawBufferPointer, _ value: String, atMost limit: Int = .max) {
        var value = value
        value.withUTF8 { whole in
            let value = UnsafeBufferPointer(rebasing: whole.prefix(limit))
            line(name, room: value.count) { target in
                target.copyMemory(from: UnsafeRawBufferPointer(value))
                for index in value.indices where Self.isControl(value[index]) { target[index] = UInt8(ascii: " ") }
                return value.count
            }
        }
    }

    /// Adds a field whose value is a decimal number.
    mutating func add(_ name: StaticString, _ number: Int64) {
        line(Self.bytes(of: name), room: Self.numberBytes) { Self.write(number, to: $0) }
    }

    /// Adds a field whose value is a duration as OpenAI writes it: `20ms`, `1s`, `6m0s`, `1h0m0s`.
    mutating func add(_ name: StaticString, milliseconds: Int64) {
        line(Self.bytes(of: name), room: 3 * (Self.numberBytes + 1)) { target in
            var end = 0
            func put(_ number: Int64, _ unit: StaticString) {
                end += Self.write(number, to: UnsafeMutableRawBufferPointer(rebasing: target[end...]))
                for place in 0..<unit.utf8CodeUnitCount { target[end + place] = unit.utf8Start[place] }
                end += unit.utf8CodeUnitCount
            }
            if milliseconds < 1000 {
                put(max(0, milliseconds), "ms")
                return end
            }
            let seconds = milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0)
            if seconds >= 3600 { put(seconds / 3600, "h") }
            if seconds >= 60 { put(seconds / 60 % 60, "m") }
            put(seconds % 60, "s")
            return end
        }
    }

    /// Adds fields that are texts already.
    mutating func add(fields: [(String, String)]) {
        for (var name, value) in fields {
            if name == "content-length" { hasLength = true }
            name.withUTF8 { add(UnsafeRawBufferPointer($0), value) }
        }
    }

    /// Says how long the body is.
    mutating func add(bodyBytes: Int) {
        hasLength = true
        add("content-length", Int64(bodyBytes))
    }

    /// The head with the empty line at its end.
    consuming func end(isChunked: Bool, isLast: Bool) -> ByteBuffer {
        if isChunked { bytes.writeStaticString("transfer-encoding: chunked\r\n") }
        if isLast { bytes.writeStaticString("connection: close\r\n") }
        bytes.writeStaticString("\r\n")
        return bytes
    }

    /// Digits of the longest number, with its sign.
    private static let numberBytes = 20

    /// Adds a line whose value has at most `room` bytes; `value` writes it and returns how many it has.
    @inline(__always)
    private mutating func line(
        _ name: UnsafeRawBufferPointer, room: Int, _ value: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        let start = name.count + 2
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: start + room + 2) { target in
            target.copyMemory(from: name)
            target[start - 2] = UInt8(ascii: ":")
            target[start - 1] = UInt8(ascii: " ")
            let end = start + value(UnsafeMutableRawBufferPointer(rebasing: target[start..<start + room]))
            target[end] = UInt8(ascii: "\r")
            target[end + 1] = UInt8(ascii: "\n")
            return end + 2
        }
    }

    /// Writes a number's digits; returns how many bytes they take.
    private static func write(_ number: Int64, to target: UnsafeMutableRawBufferPointer) -> Int {
        var rest = number.magnitude
        var length = number < 0 ? 1 : 0
        repeat {
            length += 1
            rest /= 10
        } while rest > 0
        rest = number.magnitude
        var place = length
        repeat {
            place -= 1
            target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 { target[0] = UInt8(ascii: "-") }
        return length
    }

    private static func bytes(of name: StaticString) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
}
