#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A range of IPv4 or IPv6 addresses in CIDR notation; a bare address is a range of one.
public struct AddressRange: Sendable, Equatable {
    private let network: [UInt8]
    private let prefixLength: Int

    /// A range such as `10.0.0.0/8` or `2001:db8::/32`; nil if it is not one. Host bits are ignored.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = Self.bytes(of: String(first)) else { return nil }
        network = address
        guard parts.count == 2 else {
            prefixLength = address.count * 8
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1])
        else { return nil }
        // A mapped range is written against 128 bits, but compared against the 32 of the address it maps.
        let mapped = first.contains(":") && address.count == 4
        let bits = mapped ? length - 96 : length
        guard bits >= 0, bits <= address.count * 8 else { return nil }
        prefixLength = bits
    }

    /// Whether the address lies in the range; text that is no address lies in none.
    public func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address), bytes.count == network.count else { return false }
        let whole = prefixLength / 8
        guard bytes[..<whole] == network[..<whole] else { return false }
        let rest = prefixLength % 8
        guard rest > 0 else { return true }
        return (bytes[whole] ^ network[whole]) >> UInt8(8 - rest) == 0
    }

    /// What one subscriber usually has of the address: all of IPv4, the first 64 bits of IPv6. Text that is no address
    /// stays what it is.
    public static func block(of address: String) -> String {
        guard let bytes = bytes(of: address) else { return address }
        return SecretBytes.hex(Array(bytes.prefix(8)))
    }

    /// 4 or 16 bytes; an IPv4 address mapped into IPv6 counts as IPv4, a zone (`%eth0`) is ignored.
    private static func bytes(of text: String) -> [UInt8]? {
        // C would read no further.
        guard !text.utf8.contains(0) else { return nil }
        var four = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, text, &four) == 1 { return four }
        let bare = text.prefix { $0 != "%" }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, String(bare), &sixteen) == 1 else { return nil }
        let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return sixteen[..<12].elementsEqual(mappedPrefix) ? Array(sixteen[12...]) : sixteen
    }
}

extension Collection<AddressRange> {
    /// The client's address: the socket's, or behind these proxies the right-most forwarded one that is not theirs.
    /// `forwarded` are the values of all `X-Forwarded-For` fields, each a list with commas.
    public func client(behind peer: String?, forwarded: [String]) -> String? {
        guard !isEmpty, let peer, isProxy(peer) else { return peer }
        let hops = forwarded.listMembers.lazy.map { String($0) }
        return hops.last { !isProxy($0) } ?? peer
    }

    private func isProxy(_ address: String) -> Bool { contains { $0.contains(address) } }
}
