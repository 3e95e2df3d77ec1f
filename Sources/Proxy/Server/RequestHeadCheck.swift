import NIOHTTP1

/// What a request head must keep to before anything acts on it; pure.
enum RequestHeadCheck {
    /// Fields at most.
    static let maxFields = 100
    /// Bytes of target, names and values at most.
    static let maxBytes = 64 * 1024

    /// Bytes beyond ASCII at most, escaped ones of the target included. Swift compares texts by what their characters
    /// are made of, which takes the square of as many as stand in one place: a fifth of a second for 64 KiB.
    static let maxBytesBeyondASCII = 1024

    /// The denial this head earns, or nil. `passesTrace`: whoever comes next refuses TRACE by saying what a path takes.
    static func denial(for head: HTTPRequestHead, maxBody: Int, passesTrace: Bool = false) -> Denial? {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return .malformedRequest("Only HTTP/1.1 is spoken here.")
        }
        var fields = 0
        var bytes = head.uri.utf8.count
        var beyondASCII = bytesBeyondASCII(target: head.uri)
        if beyondASCII > maxBytesBeyondASCII { return .headersTooLarge }
        var hosts = 0
        var credentials = 0
        var lengths: [String] = []
        var codings: [String] = []
        for (name, value) in head.headers {
            fields += 1
            bytes += name.utf8.count + value.utf8.count + 4
            let found = survey(value)
            beyondASCII += found.beyondASCII
            if beyondASCII > maxBytesBeyondASCII { return .headersTooLarge }
            if found.hasControl {
                return .malformedRequest("The header \(name.prefix(64)) has a control character.")
            }
            if FieldName.matches(name, "host") {
                hosts += 1
                if !HostField.isValid(value) { return .malformedRequest("The Host header is not a host.") }
            } else if FieldName.matches(name, "authorization") {
                credentials += 1
            } else if FieldName.matches(name, "content-length") {
                lengths.append(value)
            } else if FieldName.matches(name, "transfer-encoding") {
                codings.append(value)
            } else if FieldName.matches(name, "expect"), value.lowercased() != "100-continue" {
                return .expectationFailed
            }
        }
        if let authority = RequestTarget.authority(of: head.uri), !HostField.isValid(authority) {
            return .malformedRequest("The request target does not name a host.")
        }
        if fields > maxFields || bytes > maxBytes { return .headersTooLarge }
        // Also of HTTP/1.0 no more than one: RFC 9112 §3.2.
        if hosts > 1 || hosts < 1 && head.version == .http1_1 {
            return .malformedRequest("Exactly one Host header is needed.")
        }
        // Whoever stands in front may have judged the other one.
        if credentials > 1 { return .malformedRequest("The Authorization header is there twice.") }
        if head.method == .CONNECT || head.method == .TRACE && !passesTrace { return .expectationFailed }
        return framingDenial(head, lengths: lengths, codings: codings, maxBody: maxBody)
    }

    /// Whether the decoder reads no further request behind this one.
    static func offersUpgrade(_ head: HTTPRequestHead) -> Bool { head.headers.contains(name: "upgrade") }

    private static func survey(_ value: String) -> (hasControl: Bool, beyondASCII: Int) {
        func survey(_ bytes: UnsafeBufferPointer<UInt8>) -> (hasControl: Bool, beyondASCII: Int) {
            var (hasControl, beyondASCII) = (false, 0)
            for byte in bytes {
                if byte < 0x20 && byte != 0x09 || byte == 0x7F { hasControl = true }
                if byte >= 0x80 { beyondASCII += 1 }
            }
            return (hasControl, beyondASCII)
        }
        var value = value
        return value.withUTF8(survey)
    }

    /// As they are, and as escapes.
    private static func bytesBeyondASCII(target: String) -> Int {
        var target = target
        return target.withUTF8 { bytes in
            var (count, isAfterPercent) = (0, false)
            for byte in bytes {
                let isHigh = 0x38...0x39 ~= byte || 0x41...0x46 ~= byte || 0x61...0x66 ~= byte
                if byte >= 0x80 || isAfterPercent && isHigh { count += 1 }
                isAfterPercent = byte == UInt8(ascii: "%")
            }
            return count
        }
    }

    private static func framingDenial(
        _ head: HTTPRequestHead, lengths: [String], codings: [String], maxBody: Int
    ) -> Denial? {
        if !codings.isEmpty {
            guard lengths.isEmpty, codings.count == 1, codings[0].lowercased() == "chunked", head.version == .http1_1
            else { return .malformedRequest("Transfer-Encoding must be exactly `chunked`, without Content-Length.") }
        }
        guard let length = lengths.first else { return nil }
        guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return .malformedRequest("Content-Length must be one decimal number.")
        }
        guard let count = Int(length), count <= maxBody else { return .bodyTooLarge(limit: maxBody) }
        return nil
    }
}
