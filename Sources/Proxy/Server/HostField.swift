/// What a Host field may say: a name or an address, and a port (RFC 9110 §7.2); pure.
enum HostField {
    /// Whether this is one host: never empty, as no `http` URI is without one (RFC 9110 §4.2.1). A comma would be a
    /// valid name's, but is what two fields look like once an intermediary joined them.
    static func isValid(_ value: some StringProtocol) -> Bool {
        value.utf8.withContiguousStorageIfAvailable { isValid(trimmed($0[...])) }
            ?? isValid(trimmed(Array(value.utf8)[...]))
    }

    /// Without the whitespace that the parser leaves behind a value.
    private static func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
        let end = bytes.lastIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return end.map { bytes[...$0] } ?? bytes.prefix(0)
    }

    private static func isValid<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes) -> Bool
    where Bytes.SubSequence == Bytes {
        guard bytes.first == UInt8(ascii: "[") else {
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            return isName(bytes[..<colon]) && isPort(bytes[colon...])
        }
        guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
        let address = bytes[..<end].dropFirst()
        return !address.isEmpty && address.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == 0x2E }
            && isPort(bytes[end...].dropFirst())
    }

    /// A colon and digits, of which there may be none; or nothing.
    private static func isPort(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        return first == UInt8(ascii: ":") && bytes.count <= 6 && bytes.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        var escaped = 0
        for byte in bytes {
            if escaped > 0 {
                guard isHexDigit(byte) else { return false }
                escaped &-= 1
                continue
            }
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: break
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): break
            case UInt8(ascii: "!"), UInt8(ascii: "$"), 0x26...0x2B, UInt8(ascii: ";"), UInt8(ascii: "="): break
            case UInt8(ascii: "%"): escaped = 2
            default: return false
            }
        }
        return escaped == 0 && bytes.contains { $0 != UInt8(ascii: ".") }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x46 ~= byte & 0xDF
    }
}
