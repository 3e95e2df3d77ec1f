import CCurl
import NIOCore

/// One libcurl easy handle, reused from call to call; options that never change are set once.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    /// The call the handle works for; libcurl's callbacks find it here.
    var transfer: CurlTransfer?

    /// The connection the call was last seen on.
    var use: CurlSockets.Use?

    private let sockets: CurlSockets
    private let egress: EgressRule
    private let errorText: UnsafeMutablePointer<CChar>
    private var url: CurlURL?
    private var headers: CurlHeaderList?
    private var body: Unmanaged<AnyObject>?
    private var method = ""
    private var connectMS: Int64 = 0
    private var isReuseForbidden = false
    private var isWatching = false

    /// Nil if libcurl has no memory for it.
    init?(sockets: CurlSockets, policy: UpstreamPolicy, authorities: CurlAuthorities) {
        guard CurlGlobal.isReady, let easy = curl_easy_init() else { return nil }
        self.easy = easy
        self.sockets = sockets
        egress = policy.egress
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        CurlOptions.apply(to: easy, policy)
        authorities.install(on: easy)
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        CurlCallbacks.install(on: self, sockets: sockets)
    }

    deinit {
        curl_easy_cleanup(easy)
        errorText.deallocate()
        body?.release()
    }

    /// What libcurl wrote about the last failure.
    var failureText: String { String(cString: errorText) }

    /// Whether libcurl has handed the whole body to the socket.
    func hasSentBody(ofCount count: Int) -> Bool {
        var sent: curl_off_t = 0
        guard ccurl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK else { return true }
        return Int64(sent) >= Int64(count)
    }

    /// Opens a socket for the address libcurl resolved, unless the egress rule refuses it.
    func open(_ target: UnsafePointer<curl_sockaddr>) -> Int32 {
        if let refusal = egress.refusal(ofTarget: target) {
            transfer?.didForbid(refusal)
            return ccurl_socket_bad()
        }
        let address = target.pointee
        return sockets.open(family: address.family, type: address.socktype, protocolNumber: address.`protocol`)
    }

    /// The connection is closed at the call's end: what comes next on it may not be an answer to the next call.
    func forbidReuse() {
        guard !isReuseForbidden else { return }
        isReuseForbidden = true
        ccurl_set_long(easy, CURLOPT_FORBID_REUSE, 1)
    }

    /// Has libcurl say so when bytes follow the last chunk of the answer; to be called at its head.
    func watchForLeftovers() {
        guard !isWatching else { return }
        isWatching = true
        ccurl_set_long(easy, CURLOPT_VERBOSE, 1)
    }

    /// Whether more has arrived than libcurl has read; only during the call.
    /// - Parameter asksSocket: worth a system call, beside the look into TLS.
    func hasUnreadBytes(asksSocket: Bool) -> Bool {
        ccurl_tls_pending(easy) > 0 || (asksSocket && use.map(sockets.hasUnreadBytes) ?? false)
    }

    /// Tells that the connection carries streams, on which frames may come at any time.
    func carriesStreams() {
        if let use { sockets.carriesStreams(use) }
    }

    /// Points the handle at its next request; everything it refers to is kept alive until `clear()`.
    func configure(_ request: UpstreamRequest, url: CurlURL, headers: CurlHeaderList) {
        errorText[0] = 0
        if self.url !== url {
            ccurl_set_url(easy, url.pointer)
            self.url = url
        }
        if self.headers !== headers {
            ccurl_set_headers(easy, headers.pointer)
            self.headers = headers
        }
        if method != request.method {
            CurlOptions.setMethod(request.method, on: easy)
            method = request.method
        }
        if connectMS != request.timeouts.connectMS {
            connectMS = request.timeouts.connectMS
            ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, CurlOptions.milliseconds(connectMS))
        }
        if FieldSyntax.hasBody(request.method) {
            setBody(request.body)
        }
    }

    /// Lets go of the connection and of the request's body; URL and headers stay for the next call to the same target.
    func clear() {
        transfer = nil
        if let use {
            sockets.rest(use)
            self.use = nil
        }
        if isReuseForbidden {
            isReuseForbidden = false
            ccurl_set_long(easy, CURLOPT_FORBID_REUSE, 0)
        }
        if isWatching {
            isWatching = false
            ccurl_set_long(easy, CURLOPT_VERBOSE, 0)
        }
        if let body {
            ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, nil)
            body.release()
            self.body = nil
        }
    }

    private func setBody(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            // libcurl reads the bytes in place, so their storage is retained until the call is over.
            body = storage.retain()
            ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
            ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(errorText))
        }
    }
}
