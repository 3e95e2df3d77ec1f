/// What a connection is made to; an IPv6 address keeps its brackets.
struct CleartextOrigin: Hashable, Sendable {
    let host: String
    let port: Int

    /// The host as look-ups and address parsers want it.
    var bareHost: String {
        host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    }
}
