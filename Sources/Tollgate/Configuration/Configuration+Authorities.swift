import Proxy

extension Configuration {
    /// Throws `StartRefusal` where the authorities' file cannot be read: without it every backend's certificate would
    /// be refused, one call at a time.
    func checkAuthorities() throws {
        guard let file = upstream.caFile, !upstream.canReadAuthorities else { return }
        throw StartRefusal(reason: "routing.ca_file \(file): no certificate can be read from it")
    }
}
