import CCurl

/// The rule at the place where libcurl is about to connect.
extension EgressRule {
    /// Says in words why the address libcurl resolved is refused; nil if it may be connected to.
    func refusal(ofTarget target: UnsafePointer<curl_sockaddr>) -> String? {
        var count = 0
        return words(refusing: UnsafeRawBufferPointer(start: ccurl_address_bytes(target, &count), count: count))
    }
}
