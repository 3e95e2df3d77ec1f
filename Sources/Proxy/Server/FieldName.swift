/// Names of header fields, compared without regard to case and without making a new string.
enum FieldName {
    /// Whether `name` is `expected`, which is given in lower case.
    static func matches(_ name: String, _ expected: StaticString) -> Bool {
        name.utf8.count == expected.utf8CodeUnitCount && begins(name, with: expected)
    }

    /// Whether `text` begins with `expected`, which is given in lower case.
    static func begins(_ text: String, with expected: StaticString) -> Bool {
        let lower = UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount)
        return text.utf8.withContiguousStorageIfAvailable { begins($0, with: lower) }
            ?? begins(Array(text.utf8), with: lower)
    }

    @inline(__always)
    private static func begins<Bytes: RandomAccessCollection<UInt8>>(
        _ bytes: Bytes, with lower: UnsafeBufferPointer<UInt8>
    ) -> Bool where Bytes.Index == Int {
        guard bytes.count >= lower.count else { return false }
        for index in 0..<lower.count {
            let byte = bytes[index]
            if byte != lower[index], !(0x41...0x5A ~= byte && byte | 0x20 == lower[index]) { return false }
        }
        return true
    }
}
