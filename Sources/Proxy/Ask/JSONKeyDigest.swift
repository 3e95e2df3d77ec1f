/// The identity of an object's key after unescaping: exact up to 15 bytes, a keyed 64-bit hash above.
struct JSONKeyDigest: Hashable {
    private let low: UInt64
    private let high: UInt64

    init(_ key: JSONSpan, in bytes: UnsafeRawBufferPointer) {
        if key.isEscaped {
            var text = JSONText.string(key, in: bytes, atMost: .max)
            self = text.withUTF8 { JSONKeyDigest(UnsafeRawBufferPointer($0)) }
        } else {
            self.init(UnsafeRawBufferPointer(rebasing: bytes[key.start + 1..<key.end - 1]))
        }
    }

    private init(_ text: UnsafeRawBufferPointer) {
        if text.count > 15 {
            var hasher = Hasher()
            hasher.combine(bytes: text)
            low = UInt64(bitPattern: Int64(hasher.finalize()))
            high = .max
        } else {
            var low: UInt64 = 0
            var high = UInt64(text.count) << 56
            for index in 0..<min(text.count, 8) { low |= UInt64(text[index]) << UInt64(index * 8) }
            for index in 8..<max(text.count, 8) { high |= UInt64(text[index]) << UInt64((index - 8) * 8) }
            self.low = low
            self.high = high
        }
    }
}
