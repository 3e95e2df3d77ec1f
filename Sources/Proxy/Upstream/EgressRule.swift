/// Which resolved addresses Tollgate may connect to; pure. Loopback and private ranges are free: models run there.
///
/// It judges the address itself, after every name look-up, so a name that changes its address gains nothing.
public struct EgressRule: Sendable, Equatable {
    /// Opens the link-local ranges and the metadata services; the other refusals stay.
    public var allowsLinkLocal: Bool

    /// A rule that refuses link-local addresses unless told otherwise.
    public init(allowsLinkLocal: Bool = false) {
        self.allowsLinkLocal = allowsLinkLocal
    }

    /// Why the address is refused, nil if it is not: 4 or 16 bytes in network order, anything else is refused.
    func refusal(of address: UnsafeRawBufferPointer) -> EgressRefusal? {
        let refusal: EgressRefusal?
        switch address.count {
        case 4: refusal = Self.refusal(four: Self.word(address, at: 0))
        case 16: refusal = Self.refusal(sixteen: address)
        default: refusal = .unknown
        }
        if allowsLinkLocal, refusal == .linkLocal || refusal == .metadata { return nil }
        return refusal
    }

    private static func refusal(four address: UInt32) -> EgressRefusal? {
        switch address {
        case 0x6464_64C8: return .metadata  // 100.100.100.200
        case 0xA83F_8110: return .metadata  // 168.63.129.16
        case 0xFFFF_FFFF: return .broadcast
        default: break
        }
        if address >> 24 == 0 { return .unspecified }
        if address >> 16 == 0xA9FE { return .linkLocal }
        if address >> 28 == 0xE { return .multicast }
        return nil
    }

    private static func refusal(sixteen address: UnsafeRawBufferPointer) -> EgressRefusal? {
        let words = (word(address, at: 0), word(address, at: 4), word(address, at: 8), word(address, at: 12))
        switch words {
        case (0, 0, 0, 1): return nil
        case (0, 0, 0, 0): return .unspecified
        // IPv4 in another dress: mapped, compatible, NAT64, 6to4.
        case (0, 0, 0xFFFF, let inner), (0, 0, 0, let inner), (0x0064_FF9B, 0, 0, let inner):
            return refusal(four: inner)
        case (let first, let second, _, _) where first >> 16 == 0x2002:
            return refusal(four: first << 16 | second >> 16)
        case (0xFD00_0EC2, 0, 0, 0x0254), (0xFD20_00CE, 0, 0, 0x0254): return .metadata
        case (0xFD00_00C1, 0, 0, 0xA9FE_A9FE): return .metadata
        default: break
        }
        if words.0 >> 22 == 0xFE80 >> 6 { return .linkLocal }
        if words.0 >> 24 == 0xFF { return .multicast }
        return nil
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
