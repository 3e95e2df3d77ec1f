import Tenancy
import Testing

@Suite struct KeySecretTests {
    private let golden = "tg_0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq070qLS"

    private func parse(_ bytes: [UInt8], kind: KeySecret.Kind = .tenant) -> PublicID? {
        bytes.withUnsafeBytes { KeySecret.parse($0, kind: kind) }
    }

    @Test func `the golden key is read`() {
        #expect(parse(Array(golden.utf8))?.text == "0123456789")
    }

    @Test func `a checksum with leading zeros is read`() {
        let text = "tg_000000004Z_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz00H9ym"
        #expect(parse(Array(text.utf8))?.text == "000000004Z")
    }

    @Test func `an admin key is no tenant key`() {
        let admin = Array("tga_0123456789_00000000000000000000000000000000000000000000iJSRY".utf8)
        #expect(parse(admin) == nil)
        #expect(parse(admin, kind: .admin)?.text == "0123456789")
        #expect(parse(Array(golden.utf8), kind: .admin) == nil)
    }

    @Test func `any single changed byte is refused`() {
        let bytes = Array(golden.utf8)
        for position in bytes.indices {
            for value in UInt8.min...UInt8.max where value != bytes[position] {
                var changed = bytes
                changed[position] = value
                #expect(parse(changed) == nil, "position \(position), byte \(value)")
            }
        }
    }

    @Test func `any swap of neighbours is refused`() {
        let bytes = Array(golden.utf8)
        for position in bytes.indices.dropLast() where bytes[position] != bytes[position + 1] {
            var changed = bytes
            changed.swapAt(position, position + 1)
            #expect(parse(changed) == nil, "position \(position)")
        }
    }

    @Test func `any other length is refused`() {
        let bytes = Array(golden.utf8)
        for count in 0..<bytes.count { #expect(parse(Array(bytes.prefix(count))) == nil) }
        #expect(parse(bytes + [UInt8(ascii: "0")]) == nil)
        #expect(parse([UInt8](repeating: UInt8(ascii: "t"), count: 100_000)) == nil)
    }

    @Test func `generated keys are read and differ`() {
        let keys = (0..<500).map { _ in KeySecret.generate() }
        #expect(Set(keys.map(\.text)).count == keys.count)
        for (text, publicID) in keys {
            #expect(text.utf8.count == 63)
            #expect(parse(Array(text.utf8)) == publicID)
        }
        let (text, publicID) = KeySecret.generate(.admin)
        #expect(text.hasPrefix("tga_" + publicID.text + "_"))
        #expect(parse(Array(text.utf8), kind: .admin) == publicID)
    }

    @Test func `a public id is ten base 62 digits`() {
        #expect(PublicID("0Az9Zz0000".utf8)?.text == "0Az9Zz0000")
        for text in ["", "123456789", "12345678901", "12345-7890", "12345678é"] {
            #expect(PublicID(text.utf8) == nil)
        }
    }
}
