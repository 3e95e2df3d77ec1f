import CCurl
import Glibc

/// What libcurl's callbacks gather during one `HTTPFetch`.
final class FetchExchange {
    /// A readable address for an empty body: libcurl takes nil as "ask a callback".
    let emptyBody: UnsafeRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let maxBody: Int
    private let egress: EgressRule
    private let sink: ((UnsafeRawBufferPointer) -> Bool)?
    private var parser = ResponseHeadParser()
    private var head: UpstreamHead?
    private var body: [UInt8] = []
    private var sendCount = 0
    private var malformation: String?
    private var forbidden: String?
    private var isTooLarge = false

    init(maxBody: Int, egress: EgressRule, sink: ((UnsafeRawBufferPointer) -> Bool)? = nil) {
        self.egress = egress
        self.sink = sink
        self.maxBody = max(0, maxBody)
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        emptyBody = UnsafeRawPointer(errorText)
    }

    deinit {
        errorText.deallocate()
    }

    /// Registers the callbacks; the exchange must outlive the handle's call.
    func install(on easy: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_write_callback(easy, fetchDidReadBody)
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        ccurl_set_header_callback(easy, fetchDidReadHeader)
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        ccurl_set_prereq_callback(easy, fetchWillSend)
        ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context)
        ccurl_set_open_socket_callback(easy, fetchOpensSocket)
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    }

    /// The response, or the error libcurl's result stands for.
    func response(_ code: CURLcode, easy: UnsafeMutableRawPointer, bodyCount: Int) throws -> HTTPFetch.Response {
        if code == CURLE_OK, let head {
            return HTTPFetch.Response(status: head.status, headers: head.headers, body: body)
        }
        var sent: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
        let isSent = sendCount > 0 && Int64(sent) >= Int64(bodyCount)
        let stage: UpstreamError.Stage = parser.isComplete ? .broken : (isSent ? .unanswered : .notSent)
        let text = CurlFailure.detail(of: code, message: String(cString: errorText))
        let (reason, detail) = cause(of: code, text)
        throw UpstreamError(stage: stage, reason: reason, detail: detail)
    }

    private func cause(of code: CURLcode, _ text: String) -> (UpstreamFailureReason, String) {
        if let forbidden, sendCount == 0, code == CURLE_COULDNT_CONNECT { return (.forbiddenAddress, forbidden) }
        if isTooLarge { return (.tooLarge, "the body is over \(maxBody) bytes") }
        if let malformation { return (.malformed, malformation) }
        if code == CURLE_OK { return (.malformed, "the response ended inside its head") }
        return (CurlFailure.reason(of: code, didConnect: sendCount > 0), text)
    }

    fileprivate func open(_ target: UnsafePointer<curl_sockaddr>) -> Int32 {
        if let refusal = egress.refusal(ofTarget: target) {
            forbidden = refusal
            return ccurl_socket_bad()
        }
        let address = target.pointee
        return socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.`protocol`)
    }

    fileprivate func willSend() -> Bool {
        sendCount += 1
        return sendCount == 1
    }

    fileprivate func didReadHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch parser.take(line) {
        case .more: break
        case .complete(let head): self.head = head
        case .malformed(let why): malformation = why
        }
        return malformation == nil
    }

    fileprivate func didReadBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if !parser.isComplete { malformation = "a body without a head" }
        if parser.framing.isCoded { malformation = "the body is coded, identity was asked for" }
        if let sink, malformation == nil, let head, 200...299 ~= head.status { return sink(bytes) }
        isTooLarge = isTooLarge || bytes.count > maxBody - body.count
        guard malformation == nil, !isTooLarge else { return false }
        body.append(contentsOf: bytes)
        return true
    }
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> FetchExchange? {
    guard let context else { return nil }
    return Unmanaged<FetchExchange>.fromOpaque(context).takeUnretainedValue()
}

private func fetchDidReadBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
    // Any other count than the one offered makes libcurl give up.
    return exchange(context)?.didReadBody(chunk) == true ? chunk.count : (chunk.isEmpty ? 1 : 0)
}

private func fetchDidReadHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return exchange(context)?.didReadHeader(line) == true ? line.count : 0
}

private func fetchWillSend(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?,
    _: Int32, _: Int32
) -> Int32 {
    exchange(context)?.willSend() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private func fetchOpensSocket(
    _ context: UnsafeMutableRawPointer?, _: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let exchange = exchange(context), let address else { return ccurl_socket_bad() }
    return exchange.open(address)
}
