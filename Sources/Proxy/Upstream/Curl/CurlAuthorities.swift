import CCurl
import NIOCore
import Synchronization

/// The authorities whose certificates count, kept parsed: the system's and those of a file. Where libcurl knows a
/// directory of them it reads the system's file anew with every connection, and its event loop stands still for 15 ms.
final class CurlAuthorities: Sendable {
    /// How long a changed file may go unnoticed.
    private static let age = TimeAmount.hours(24)
    /// How soon it is tried again after it could not be read.
    private static let pause = TimeAmount.minutes(1)
    private static let every = Mutex<[String?: CurlAuthorities]>([:])

    /// What was read. OpenSSL locks it itself.
    private struct Store: @unchecked Sendable {
        let pointer: OpaquePointer
        let hasSystem: Bool
    }

    private struct Kept {
        var store: Store?
        var readAgainAt = NIODeadline.uptimeNanoseconds(0)
    }

    private let file: String?
    private let clock: @Sendable () -> NIODeadline
    private let kept = Mutex(Kept())

    /// - Parameters:
    ///   - file: PEM, counts beside the system's.
    ///   - clock: monotonic time.
    init(file: String?, clock: @escaping @Sendable () -> NIODeadline) {
        self.file = file
        self.clock = clock
    }

    deinit {
        kept.withLock { X509_STORE_free($0.store?.pointer) }
    }

    /// Those that all calls of the process share which have the same file; they are never let go.
    static func shared(file: String?) -> CurlAuthorities {
        every.withLock { every in
            if let known = every[file] { return known }
            let new = CurlAuthorities(file: file, clock: { .now() })
            every[file] = new
            return new
        }
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

    /// Makes the handle's connections trust these authorities, which must outlive it, not those libcurl would read.
    func install(on easy: UnsafeMutableRawPointer) {
        // A libcurl with another TLS library goes on reading them.
        guard let library = ccurl_version()?.pointee.ssl_version, String(cString: library).hasPrefix("OpenSSL/"),
            ccurl_set_tls_callback(easy, curlTrusts) == CURLE_OK
        else { return }
        ccurl_set_pointer(easy, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(self).toOpaque())
        ccurl_set_string(easy, CURLOPT_CAINFO, nil)
        ccurl_set_string(easy, CURLOPT_CAPATH, nil)
        // Else some versions keep the first store they are given.
        ccurl_set_long(easy, CURLOPT_CA_CACHE_TIMEOUT, 0)
    }

    fileprivate func trust(in context: OpaquePointer) -> CURLcode {
        let now = clock()
        let isDue = kept.withLock { kept in
            guard kept.store != nil else { return true }
            guard now >= kept.readAgainAt else { return false }
            // The others go on with what there is.
            kept.readAgainAt = now + Self.pause
            return true
        }
        // Not while others wait for the lock: it takes its time.
        let fresh = isDue ? Self.read(file) : nil
        return kept.withLock { kept in
            if let fresh { Self.keep(fresh, in: &kept, at: now) }
            guard let store = kept.store else { return CURLE_SSL_CACERT_BADFILE }
            SSL_CTX_set1_cert_store(context, store.pointer)
            return CURLE_OK
        }
    }

    /// What cannot be read any more is no reason to lose what was.
    private static func keep(_ fresh: Store, in kept: inout Kept, at now: NIODeadline) {
        if kept.store?.hasSystem == true, !fresh.hasSystem { return X509_STORE_free(fresh.pointer) }
        X509_STORE_free(kept.store?.pointer)
        kept.store = fresh
        kept.readAgainAt = now + (fresh.hasSystem ? age : pause)
    }

    /// Nil if the file cannot be read.
    private static func read(_ file: String?) -> Store? {
        guard let store = X509_STORE_new() else { return nil }
        // What is left in its queue OpenSSL would take for an error of the next connection.
        defer { ERR_clear_error() }
        // As libcurl has it: an authority in between is enough where the operator trusts it.
        _ = X509_STORE_set_flags(store, ccurl_trust_flags())
        if let file, X509_STORE_load_file(store, file) != 1 {
            X509_STORE_free(store)
            return nil
        }
        let system = ccurl_version()?.pointee
        // Looked into when an issuer is in no file.
        if let folder = system?.capath { _ = X509_STORE_load_path(store, folder) }
        return Store(pointer: store, hasSystem: system?.cainfo.map { X509_STORE_load_file(store, $0) == 1 } ?? true)
    }
}

private func curlTrusts(
    _: UnsafeMutableRawPointer?, _ context: UnsafeMutableRawPointer?, _ authorities: UnsafeMutableRawPointer?
) -> CURLcode {
    guard let context, let authorities else { return CURLE_SSL_CACERT_BADFILE }
    return Unmanaged<CurlAuthorities>.fromOpaque(authorities).takeUnretainedValue().trust(in: OpaquePointer(context))
}
