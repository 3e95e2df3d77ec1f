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
        ccurl_set_pointer(easy, CURLOPT_PRIVATE, context)
        let socketContext = Unmanaged.passUnretained(sockets).toOpaque()
        ccurl_set_open_socket_callback(easy, curlOpensSocket)
        ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, socketContext)
        ccurl_set_close_socket_callback(easy, curlClosesSocket)
        ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, socketContext)
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

private func curlOpensSocket(
    _ context: UnsafeMutableRawPointer?, _: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let sockets: CurlSockets = object(context), let address = address?.pointee else { return ccurl_socket_bad() }
    return sockets.open(family: address.family, type: address.socktype, protocolNumber: address.`protocol`)
}

private func curlClosesSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
    guard let sockets: CurlSockets = object(context) else { return 1 }
    return sockets.close(socket)
}

private func curlWantsSocket(
    _: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ poll: Int32, _ context: UnsafeMutableRawPointer?,
    _: UnsafeMutableRawPointer?
) -> Int32 {
    guard let sockets: CurlSockets = object(context) else { return -1 }
    sockets.want(socket, poll: poll)
    return 0
}

private func curlSetsTimer(
    _: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let timer: CurlTimer = object(context) else { return -1 }
    timer.set(milliseconds: milliseconds)
    return 0
}
