import Testing

@testable import Tenancy

@Suite("CRC-32")
struct CRC32Tests {
    private func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32.checksum($0) } }

    @Test("the published check value comes out")
    func published() {
        #expect(checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(checksum([]) == 0)
    }

    @Test("any length and place gives what the definition gives, bit by bit")
    func definition() {
        let bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 11) }
        for start in 0..<8 {
            for end in start...bytes.count {
                var value = UInt32.max
                for byte in bytes[start..<end] {
                    value ^= UInt32(byte)
                    for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
                }
                let found = bytes.withUnsafeBytes { CRC32.checksum(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
                #expect(found == ~value)
            }
        }
    }
}
