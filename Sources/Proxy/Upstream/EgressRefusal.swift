/// Why an address is none that a backend may have; the raw value completes "… is … address" in logs.
enum EgressRefusal: String, Sendable {
    /// 169.254.0.0/16 and fe80::/10, where clouds also put their metadata services.
    case linkLocal = "a link-local"
    /// A cloud's metadata service outside the link-local ranges.
    case metadata = "a metadata service's"
    /// 0.0.0.0/8 and ::, which reach this machine by another name.
    case unspecified = "an unspecified"
    case multicast = "a multicast"
    case broadcast = "a broadcast"
    /// Neither IPv4 nor IPv6.
    case unknown = "no IPv4 or IPv6"
}
