import NIOHTTP1
import Tenancy

extension DataPlane {
    /// The client's address: the socket's, or behind trusted proxies the right-most forwarded one that is not theirs.
    func clientAddress(of peer: String?, headers: HTTPHeaders) -> String? {
        guard !trustedProxies.isEmpty, let direct = peer, isTrusted(direct) else { return peer }
        let hops = headers[canonicalForm: "x-forwarded-for"]
        let forwarded = hops.last { !isTrusted(String($0)) }
        return forwarded.map(String.init) ?? direct
    }

    private func isTrusted(_ address: String) -> Bool {
        trustedProxies.contains { $0.contains(address) }
    }
}
