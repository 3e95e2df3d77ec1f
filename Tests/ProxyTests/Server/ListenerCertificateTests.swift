import CTestTLS
import Foundation
import Tenancy
import Testing

@testable import Proxy

@Suite struct ListenerCertificateTests {
    /// A certificate with its key, both in PEM.
    private struct Pair {
        let chain: [UInt8]
        let key: [UInt8]

        /// One that signs itself and holds from yesterday until `until` seconds from now.
        init(until: Int = 86_400) throws {
            guard let pair = ctesttls_key() else { throw ServerIdentity.Failed() }
            defer { EVP_PKEY_free(pair) }
            guard let certificate = ctesttls_certificate(pair, nil, nil, "self", "IP:127.0.0.1", -86_400, until) else {
                throw ServerIdentity.Failed()
            }
            defer { X509_free(certificate) }
            chain = try Self.bytes { ctesttls_write(certificate, $0) }
            key = try Self.bytes { ctesttls_write_key(pair, $0) }
        }

        private static func bytes(_ write: (String) -> Int32) throws -> [UInt8] {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).pem").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            guard write(path) == 1, let data = FileManager.default.contents(atPath: path) else {
                throw ServerIdentity.Failed()
            }
            return Array(data)
        }
    }

    @Test("a chain and its key are taken, and the end of the certificate is known")
    func good() throws {
        let pair = try Pair(until: 7200)
        let certificate = try ListenerCertificate(chain: pair.chain, key: pair.key)
        let left = certificate.endsAt.seconds - SystemClock().now().seconds
        #expect(7100...7200 ~= left)
        #expect(certificate.failedHandshakes == 0)
    }

    @Test("what cannot be used is told apart")
    func bad() throws {
        let (one, other) = (try Pair(), try Pair())
        let none = Array("no PEM".utf8)
        #expect(throws: ListenerCertificateError.noCertificate) {
            try ListenerCertificate(chain: none, key: one.key)
        }
        #expect(throws: ListenerCertificateError.noCertificate) { try ListenerCertificate(chain: [], key: one.key) }
        #expect(throws: ListenerCertificateError.noCertificate) {
            try ListenerCertificate(chain: Array(one.chain.dropLast(60)), key: one.key)
        }
        #expect(throws: ListenerCertificateError.noKey) { try ListenerCertificate(chain: one.chain, key: none) }
        #expect(throws: ListenerCertificateError.noKey) { try ListenerCertificate(chain: one.chain, key: one.chain) }
        #expect(throws: ListenerCertificateError.mismatch) {
            try ListenerCertificate(chain: one.chain, key: other.key)
        }
    }

    @Test("a renewed certificate takes the place of the one in use, and one that is no good does not")
    func renewed() throws {
        let (old, new) = (try Pair(until: 3600), try Pair(until: 36_000))
        let certificate = try ListenerCertificate(chain: old.chain, key: old.key)
        let end = certificate.endsAt
        #expect(throws: ListenerCertificateError.mismatch) { try certificate.replace(chain: new.chain, key: old.key) }
        #expect(certificate.endsAt == end)
        try certificate.replace(chain: new.chain, key: new.key)
        #expect(certificate.endsAt.seconds - end.seconds > 30_000)
    }
}
