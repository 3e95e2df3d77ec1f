import Tenancy

/// A backend's base URL taken apart: `http` or `https`, host, port and path, and nothing else.
public struct BackendAddress: Sendable, Equatable {
    /// `http` or `https`.
    public let scheme: String
    /// Lower case; IPv6 addresses keep their brackets.
    public let host: String
    /// The port to connect to, the scheme's own if none was written.
    public let port: Int
    /// The path, without a trailing slash; empty for the root.
    public let path: String

    /// Nil for anything but an absolute http or https URL without user, query and fragment.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard bytes.count <= 2048, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !Self.refused.contains($0) }),
            let schemeEnd = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[schemeEnd.upperBound...]
        let pathStart = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let authority = Self.split(authority: rest[..<pathStart]) else { return nil }
        host = authority.host.lowercased()
        port = authority.port ?? (scheme == "https" ? 443 : 80)
        var path = rest[pathStart...]
        while path.hasSuffix("/") { path.removeLast() }
        self.path = String(path)
    }

    /// Scheme, host and port in one canonical text.
    public var origin: String { "\(scheme)://\(host):\(port)" }

    private static let refused = Set(#"?#@\"<>^`{|}"#.utf8)

    private static func split(authority: Substring) -> (host: Substring, port: Int?)? {
        var hostEnd = authority.endIndex
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            hostEnd = authority.index(after: bracket)
            let address = authority[..<hostEnd].dropFirst().dropLast()
            guard address.utf8.allSatisfy(isAddressDigit), address.utf8.contains(UInt8(ascii: ":")),
                AddressRange(String(address)) != nil
            else { return nil }
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
            guard authority[..<hostEnd].utf8.allSatisfy(isHostByte) else { return nil }
        }
        let host = authority[..<hostEnd]
        guard !host.isEmpty else { return nil }
        let tail = authority[hostEnd...]
        if tail.isEmpty { return (host, nil) }
        guard tail.hasPrefix(":"), tail.dropFirst().utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let port = Int(tail.dropFirst()), 1...65535 ~= port
        else { return nil }
        return (host, port)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isAddressDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x46, 0x61...0x66, UInt8(ascii: "."): true
        default: false
        }
    }
}
