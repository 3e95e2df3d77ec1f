import NIOHTTP1
import Tenancy

extension DataPlane {
    /// The client's address: the socket's, or behind trusted proxies the right-most forwarded one that is not theirs.
    func clientAddress(of peer: String?, headers: HTTPHeaders) -> String? {
        if trustedProxies.isEmpty { return peer }
        return trustedProxies.client(behind: peer, forwarded: headers["x-forwarded-for"])
    }
}
