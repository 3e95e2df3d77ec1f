import CCurl
import NIOCore

/// One libcurl easy handle, reused from call to call; options that never change are set once.
final class CurlHandle {
    let easy: UnsafeMutableRawPointer
    /// The call the handle works for; libcurl's callbacks find it here.
    var transfer: CurlTransfer?

    private let errorText: UnsafeMutablePointer<CChar>
    private var url: CurlURL?
    private var headers: CurlHeaderList?
    private var body: Unmanaged<AnyObject>?
    private var method = ""
    private var connectMS: Int64 = 0

    /// Nil if libcurl has no memory for it.
    init?(sockets: CurlSockets) {
        guard CurlGlobal.isReady, let easy = curl_easy_init() else { return nil }
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        CurlOptions.apply(to: easy)
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
        if CurlOptions.hasBody(request.method) {
            setBody(request.body)
        }
    }

    /// Lets go of the request's body; URL and headers stay for the next call to the same target.
    func clear() {
        transfer = nil
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
