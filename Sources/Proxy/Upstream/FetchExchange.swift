import CCurl

/// What libcurl's callbacks gather during one `HTTPFetch`.
final class FetchExchange {
    /// A readable address for an empty body: libcurl takes nil as "ask a callback".
    let emptyBody: UnsafeRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private let maxBody: Int
    private var parser = ResponseHeadParser()
    private var head: UpstreamHead?
    private var body: [UInt8] = []
    private var sendCount = 0
    private var isMalformed = false
    private var isTooLarge = false

    init(maxBody: Int) {
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
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    }

    /// The response, or the error libcurl's result stands for.
    func response(_ code: CURLcode, easy: UnsafeMutableRawPointer, bodyCount: Int) throws -> HTTPFetch.Response {
        if code == CURLE_OK, let head {
            return HTTPFetch.Response(status: head.status, headers: head.headers, body: body)
        }
        let reason: UpstreamFailureReason
        if isTooLarge {
            reason = .tooLarge
        } else if isMalformed || code == CURLE_OK {
            reason = .malformed
        } else if sendCount == 0, code == CURLE_OPERATION_TIMEDOUT {
            reason = .connectTimeout
        } else {
            reason = CurlFailure.reason(of: code, didConnect: sendCount > 0)
        }
        var sent: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
        let isSent = sendCount > 0 && Int64(sent) >= Int64(bodyCount)
        let stage: UpstreamError.Stage = parser.isComplete ? .broken : (isSent ? .unanswered : .notSent)
        let text = CurlFailure.detail(of: code, message: String(cString: errorText))
        throw UpstreamError(stage: stage, reason: reason, detail: text)
    }

    fileprivate func willSend() -> Bool {
        sendCount += 1
        return sendCount == 1
    }

    fileprivate func didReadHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        switch parser.take(line) {
        case .more: break
        case .complete(let head): self.head = head
        case .malformed: isMalformed = true
        }
        return !isMalformed
    }

    fileprivate func didReadBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        isMalformed = isMalformed || !parser.isComplete
        isTooLarge = isTooLarge || bytes.count > maxBody - body.count
        guard !isMalformed, !isTooLarge else { return false }
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
