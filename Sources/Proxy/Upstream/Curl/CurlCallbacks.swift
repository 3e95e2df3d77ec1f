import CCurl

/// The C functions libcurl calls; each only records what happened, and none calls a delegate or libcurl.
enum CurlCallbacks {
    static func install(on handle: CurlHandle, sockets: CurlSockets) {
        let context = Unmanaged.passUnretained(handle).toOpaque()
        let easy = handle.easy
        ccurl_set_write_callback(easy, curlDidReadBody)
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        ccurl_set_header_callback(easy, curlDidReadHeader)
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        ccurl_set_prereq_callback(easy, curlWillSend)
        ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context)
        ccurl_set_debug_callback(easy, curlSays)
        ccurl_set_pointer(easy, CURLOPT_DEBUGDATA, context)
        ccurl_set_pointer(easy, CURLOPT_PRIVATE, context)
        ccurl_set_open_socket_callback(easy, curlOpensSocket)
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        ccurl_set_close_socket_callback(easy, curlClosesSocket)
        // A connection may outlive the handle that opened it.
        ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(sockets).toOpaque())
    }

    static func install(on multi: UnsafeMutableRawPointer, sockets: CurlSockets, timer: CurlTimer) {
        ccurl_multi_set_socket_callback(multi, curlWantsSocket)
        ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, Unmanaged.passUnretained(sockets).toOpaque())
        ccurl_multi_set_timer_callback(multi, curlSetsTimer)
        ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, Unmanaged.passUnretained(timer).toOpaque())
    }

    /// The handle a finished easy handle belongs to.
    static func handle(of easy: UnsafeMutableRawPointer) -> CurlHandle? {
        var context: UnsafeMutableRawPointer?
        guard ccurl_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK else { return nil }
        return object(context)
    }
}

private func object<T: AnyObject>(_ context: UnsafeMutableRawPointer?) -> T? {
    guard let context else { return nil }
    return Unmanaged<T>.fromOpaque(context).takeUnretainedValue()
}

private func curlDidReadBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let handle: CurlHandle = object(context), let transfer = handle.transfer else { return 0 }
    let total = size * count
    return transfer.didReadBody(UnsafeRawBufferPointer(start: bytes, count: total)) ?? ccurl_writefunc_pause()
}

private func curlDidReadHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let handle: CurlHandle = object(context), let transfer = handle.transfer else { return 0 }
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer.didReadHeader(line) ? line.count : 0
}

private func curlWillSend(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?,
    _: Int32, _: Int32
) -> Int32 {
    guard let handle: CurlHandle = object(context), let transfer = handle.transfer else { return CURL_PREREQFUNC_ABORT }
    return transfer.willSend() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Listens only between the head and the end of a chunked answer, see `CurlHandle.watchForLeftovers()`.
private func curlSays(
    _: UnsafeMutableRawPointer?, _ kind: curl_infotype, _ text: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard kind == CURLINFO_TEXT, let handle: CurlHandle = object(context) else { return 0 }
    // The one way libcurl tells that more than the answer came: it drops the bytes and keeps the connection.
    if UnsafeRawBufferPointer(start: text, count: count).starts(with: "Leftovers".utf8) { handle.forbidReuse() }
    return 0
}

private func curlOpensSocket(
    _ context: UnsafeMutableRawPointer?, _: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let handle: CurlHandle = object(context), let address else { return ccurl_socket_bad() }
    return handle.open(address)
}

private func curlClosesSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    guard let sockets: CurlSockets = object(context) else { return 1 }
    return sockets.close(socket)
}

private func curlWantsSocket(
    _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ poll: Int32, _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    guard let sockets: CurlSockets = object(context) else { return -1 }
    if let use = sockets.want(socket, poll: poll), let easy {
        CurlCallbacks.handle(of: easy)?.use = use
    }
    return 0
}

private func curlSetsTimer(
    _: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let timer: CurlTimer = object(context) else { return -1 }
    timer.set(milliseconds: milliseconds)
    return 0
}
