import CTestTLS

/// A key and certificate for a TLS server of the tests, made on the spot.
final class ServerIdentity: Sendable {
    struct Failed: Error {}

    /// Seconds from now between which a certificate holds.
    typealias Span = (from: Int, until: Int)

    static let day: Span = (-86_400, 86_400)

    let offersHTTP2: Bool
    // nonisolated(unsafe): OpenSSL counts its references itself, and the context is only read once it is made.
    nonisolated(unsafe) let context: OpaquePointer

    private init(context: OpaquePointer, offersHTTP2: Bool) {
        self.context = context
        self.offersHTTP2 = offersHTTP2
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// An identity for `names` (a subjectAltName) that signs itself.
    static func selfSigned(names: String = "IP:127.0.0.1") throws -> ServerIdentity {
        guard let key = ctesttls_key() else { throw Failed() }
        defer { EVP_PKEY_free(key) }
        guard let certificate = ctesttls_certificate(key, nil, nil, "self", names, day.from, day.until) else {
            throw Failed()
        }
        defer { X509_free(certificate) }
        return try make(key, certificate, offersHTTP2: false, newest: 0)
    }

    static func make(
        _ key: OpaquePointer, _ certificate: OpaquePointer, offersHTTP2: Bool, newest: Int32
    ) throws -> ServerIdentity {
        guard let context = ctesttls_server(key, certificate, offersHTTP2 ? 1 : 0, newest) else { throw Failed() }
        return ServerIdentity(context: context, offersHTTP2: offersHTTP2)
    }
}
