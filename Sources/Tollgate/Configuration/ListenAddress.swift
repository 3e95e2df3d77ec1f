import Tenancy

/// Where a listener binds: `127.0.0.1:8080`, `[::1]:8080`; port 0 means any free one.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil if the text is no host and port. By bytes: a colon with a combining mark behind it is one character.
    init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text[colon...].utf8.dropFirst()
        guard digits.allSatisfy({ 0x30...0x39 ~= $0 }), let port = UInt16(Substring(digits)) else { return nil }
        var host = text[..<colon].utf8
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        if isBracketed { host = host.dropFirst().dropLast() }
        let refused = Set((isBracketed ? "[]" : "[]:").utf8)
        guard !host.isEmpty, host.allSatisfy({ 0x21...0x7E ~= $0 && !refused.contains($0) }) else { return nil }
        self.init(host: String(Substring(host)), port: Int(port))
    }

    /// The address as a client on this machine reaches it.
    var reachable: ListenAddress {
        switch host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
        case "::": ListenAddress(host: "::1", port: port)
        default: self
        }
    }

    /// Whether `other`, whose host is a number, is this very address.
    func isSame(as other: ListenAddress) -> Bool {
        guard port == other.port else { return false }
        return host == "localhost" ? other.isLoopback : AddressRange(host)?.contains(other.host) == true
    }

    /// Whether only this machine can reach it.
    var isLoopback: Bool {
        if host == "localhost" { return true }
        return ["127.0.0.0/8", "::1"].contains { AddressRange($0)?.contains(host) == true }
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
