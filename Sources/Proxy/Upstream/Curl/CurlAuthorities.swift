import CCurl
import NIOCore

/// The authorities whose certificates count on one event loop, kept parsed. Where libcurl knows a directory of them too
/// it reads the system's anew with every connection, and the loop stands still for 15 ms.
final class CurlAuthorities {
    /// How long a changed file may go unnoticed.
    private static let age = TimeAmount.hours(24)

    private let file: String?
    private let clock: @Sendable () -> NIODeadline
    private var store: OpaquePointer?
    private var readAt: NIODeadline?

    /// - Parameters:
    ///   - file: PEM, counts beside the system's.
    ///   - clock: monotonic time.
    init(file: String?, clock: @escaping @Sendable () -> NIODeadline) {
        self.file = file
        self.clock = clock
    }

    deinit {
        X509_STORE_free(store)
    }

    /// Whether a PEM file can be read and holds a certificate.
    static func areIn(_ file: String) -> Bool {
        let store = X509_STORE_new()
        defer {
            X509_STORE_free(store)
            ERR_clear_error()
        }
        return X509_STORE_load_file(store, file) == 1
    }

    /// Makes the handle's connections trust these authorities instead of what libcurl would read itself.
    func install(on easy: UnsafeMutableRawPointer) {
        // A libcurl with another TLS library goes on reading them.
        guard ccurl_set_tls_callback(easy, curlTrusts) == CURLE_OK else { return }
        ccurl_set_pointer(easy, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(self).toOpaque())
        ccurl_set_string(easy, CURLOPT_CAINFO, nil)
        ccurl_set_string(easy, CURLOPT_CAPATH, nil)
        // Else some versions keep the first store they are given.
        ccurl_set_long(easy, CURLOPT_CA_CACHE_TIMEOUT, 0)
    }

    fileprivate func trust(in context: OpaquePointer) -> CURLcode {
        let now = clock()
        if readAt.map({ now - $0 >= Self.age }) ?? true {
            readAt = now
            // What cannot be read any more is no reason to lose what was.
            if let fresh = Self.read(file) {
                X509_STORE_free(store)
                store = fresh
            }
        }
        guard let store else {
            readAt = nil
            return CURLE_SSL_CACERT_BADFILE
        }
        SSL_CTX_set1_cert_store(context, store)
        return CURLE_OK
    }

    /// Those of the system, where it has any, and those of the file, of which there must be one.
    private static func read(_ file: String?) -> OpaquePointer? {
        guard let store = X509_STORE_new() else { return nil }
        // As libcurl has it: an authority in between is enough where the operator trusts it.
        _ = X509_STORE_set_flags(store, ccurl_trust_flags())
        // What is left in its queue OpenSSL would take for an error of the next connection.
        defer { ERR_clear_error() }
        if let system = ccurl_version()?.pointee {
            let isRead = system.cainfo.map { X509_STORE_load_file(store, $0) == 1 } ?? false
            if !isRead, let folder = system.capath { _ = X509_STORE_load_path(store, folder) }
        }
        if let file, X509_STORE_load_file(store, file) != 1 {
            X509_STORE_free(store)
            return nil
        }
        return store
    }
}

private func curlTrusts(
    _: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?, _ authorities: UnsafeMutableRawPointer?
) -> CURLcode {
    guard let context, let authorities else { return CURLE_SSL_CACERT_BADFILE }
    return Unmanaged<CurlAuthorities>.fromOpaque(authorities).takeUnretainedValue().trust(in: OpaquePointer(context))
}
