/// Names of header fields, compared without regard to case and without making a new string.
enum FieldName {
    /// Whether `name` is `expected`, which is given in lower case.
    static func matches(_ name: String, _ expected: StaticString) -> Bool {
        let expectedBytes = UnsafeBufferPointer(start: expected.utf8Start, count: expected.utf8CodeUnitCount)
        guard name.utf8.count == expectedBytes.count else { return false }
        return zip(name.utf8, expectedBytes).allSatisfy { byte, lower in
            byte == lower || (0x41...0x5A ~= byte && byte | 0x20 == lower)
        }
    }
}
