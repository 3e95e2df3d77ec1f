import CCurl
import Glibc

/// The rule at the place where libcurl is about to connect.
extension EgressRule {
    /// Says in words why the address libcurl resolved is refused; nil if it may be connected to.
    func refusal(ofTarget target: UnsafePointer<curl_sockaddr>) -> String? {
        var count = 0
        let bytes = UnsafeRawBufferPointer(start: ccurl_address_bytes(target, &count), count: count)
        guard let refusal = refusal(of: bytes) else { return nil }
        return "\(Self.text(bytes)) is \(refusal.rawValue) address"
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
