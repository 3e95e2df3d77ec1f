import Proxy

/// The files that listeners prove themselves with.
struct TLSFiles: Sendable, Equatable {
    /// The certificate chain in PEM, the server's own certificate first.
    var certificate: String
    /// Secret: its private key in PEM.
    var key: String

    /// What the files hold; throws `StartRefusal`, which names the file.
    func load() throws -> ListenerCertificate {
        let (chain, key) = try read()
        return try named { () throws(ListenerCertificateError) in try ListenerCertificate(chain: chain, key: key) }
    }

    /// Gives a certificate in use what the files hold now; if that is no good, throws `StartRefusal` and
    /// changes nothing.
    func renew(_ certificate: ListenerCertificate) throws {
        let (chain, key) = try read()
        try named { () throws(ListenerCertificateError) in try certificate.replace(chain: chain, key: key) }
    }

    private func read() throws -> (chain: [UInt8], key: [UInt8]) {
        let chain: [UInt8]
        do {
            chain = try TextFile.bytes(certificate)
        } catch {
            throw StartRefusal(reason: "tls.cert: \(error)")
        }
        do {
            return (chain, Array(try SecretSource.file(key).resolve(environment: [:]).utf8))
        } catch {
            throw StartRefusal(reason: "tls.key: \(error)")
        }
    }

    private func named<Value>(_ body: () throws(ListenerCertificateError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            switch error {
            case .noCertificate:
                throw StartRefusal(reason: "tls.cert: the file \(certificate) holds no certificate in PEM")
            case .noKey:
                throw StartRefusal(
                    reason: "tls.key: the file \(key) holds no private key in PEM that needs no passphrase")
            case .mismatch:
                throw StartRefusal(
                    reason: "tls.key: the key in \(key) does not belong to the certificate in \(certificate)")
            }
        }
    }
}
