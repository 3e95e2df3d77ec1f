import CTestTLS
import Foundation

@testable import Proxy

/// An authority of one test, with its certificate in a file that a policy can name.
final class TestAuthority {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ca-\(UUID().uuidString).pem").path
    private let key: OpaquePointer
    private let certificate: OpaquePointer

    init() throws {
        guard let key = ctesttls_key() else { throw ServerIdentity.Failed() }
        let span = ServerIdentity.day
        guard let certificate = ctesttls_certificate(key, nil, nil, "authority", nil, span.from, span.until),
            ctesttls_write(certificate, path) == 1
        else {
            EVP_PKEY_free(key)
            throw ServerIdentity.Failed()
        }
        self.key = key
        self.certificate = certificate
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    /// A policy that trusts this authority.
    var policy: UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.caFile = path
        return policy
    }

    /// What lies in the file instead of its certificate from now on.
    func replaceFile(with content: Data) throws {
        try content.write(to: URL(fileURLWithPath: path))
    }

    /// - Parameter newest: the newest TLS version the server speaks; 0 for any.
    func identity(
        names: String = "IP:127.0.0.1", span: ServerIdentity.Span = ServerIdentity.day, offersHTTP2: Bool = false,
        newest: Int32 = 0
    ) throws -> ServerIdentity {
        guard let serverKey = ctesttls_key() else { throw ServerIdentity.Failed() }
        defer { EVP_PKEY_free(serverKey) }
        guard let issued = ctesttls_certificate(serverKey, certificate, key, "server", names, span.from, span.until)
        else { throw ServerIdentity.Failed() }
        defer { X509_free(issued) }
        return try ServerIdentity.make(serverKey, issued, offersHTTP2: offersHTTP2, newest: newest)
    }
}
