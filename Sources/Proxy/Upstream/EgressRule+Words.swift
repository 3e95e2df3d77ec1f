import Glibc

/// The rule's answer in words, as logs and errors give it.
extension EgressRule {
    /// Why the address is refused; nil if it may be connected to.
    /// - Parameter address: 4 or 16 bytes in network order.
    func words(refusing address: UnsafeRawBufferPointer) -> String? {
        refusal(of: address).map { "\(Self.text(address)) is \($0.rawValue) address" }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        guard let start = bytes.baseAddress else { return "the address" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            guard let first = text.baseAddress,
                inet_ntop(family, start, first, socklen_t(INET6_ADDRSTRLEN)) != nil
            else { return "the address" }
            return String(cString: first)
        }
    }
}
