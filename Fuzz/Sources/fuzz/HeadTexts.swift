import CCurl
import Fuzzing

@testable import Proxy
@testable import Tenancy

/// Texts out of heads, and backends' URLs, each read a second time by the shortest way there is.
enum HeadTexts {
    private static let hostMarks = Set("-._~!$&'()*+;=".utf8)
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    static func run(_ input: FuzzInput) {
        let text = input.text
        checkHost(text)
        checkTarget(text)
        checkTrace(text)
        checkModelPage(text)
        checkFirstBytes(input.array)
        checkAddresses(input)
        checkRoute(text)
        guard text.utf8.count <= comparedBytes else {
            _ = QueryItems(target: text).denial()
            _ = PercentCoding.decoded(text[...])
            return
        }
        checkQuery(text)
        checkCoding(text)
    }

    // MARK: Hosts

    private static func checkHost(_ text: String) {
        precondition(HostField.isValid(text) == isHost(text), "host: \(text.prefix(100))")
        guard HostField.isValid(text) else { return }
        for tail in ["/", ",", "@b", " b", "?", "\u{0}", "é"] { precondition(!HostField.isValid(text + tail), tail) }
    }

    static func isHost(_ text: String) -> Bool {
        var bytes = Array(text.utf8)
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        // A literal, or up to the first colon.
        var port: ArraySlice<UInt8>
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
            guard bytes[1..<end].allSatisfy({ isHex($0) || ":.".utf8.contains($0) }) else { return false }
            port = bytes[(end + 1)...]
        } else {
            let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard isHostName(Array(parts[0])) else { return false }
            port = bytes[parts[0].endIndex...]
        }
        guard !port.isEmpty else { return true }
        guard port.removeFirst() == UInt8(ascii: ":") else { return false }
        return port.count <= 5 && port.allSatisfy(isDigit)
    }

    private static func isHostName(_ bytes: [UInt8]) -> Bool {
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%") {
                guard place + 2 < bytes.count, isHex(bytes[place + 1]), isHex(bytes[place + 2]) else { return false }
                place += 3
            } else {
                guard isDigit(bytes[place]) || isLetter(bytes[place]) || hostMarks.contains(bytes[place]) else {
                    return false
                }
                place += 1
            }
        }
        return bytes.contains { $0 != UInt8(ascii: ".") }
    }

    // MARK: Targets

    private static func checkTarget(_ text: String) {
        var rest = Array(text.utf8)[...]
        var authority: ArraySlice<UInt8>?
        for scheme in ["http://", "https://"] where rest.first != UInt8(ascii: "/") {
            guard rest.prefix(scheme.utf8.count).map(lower) == Array(scheme.utf8) else { continue }
            rest = rest.dropFirst(scheme.utf8.count)
            let name = rest.prefix { !"/?#".utf8.contains($0) }
            rest = rest.dropFirst(name.count)
            authority = name
            break
        }
        let end = rest.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? rest.endIndex
        var path = Array(rest[..<end])
        if authority != nil, path.isEmpty { path = [UInt8(ascii: "/")] }
        precondition(RequestTarget.path(of: text).utf8.elementsEqual(path), "path: \(text.prefix(100))")
        let found = RequestTarget.authority(of: text).map { Array($0.utf8) }
        precondition(found == authority.map { Array($0) }, "authority: \(text.prefix(100))")
    }

    private static func checkQuery(_ text: String) {
        var last: [String: String] = [:]
        var isRepeated = false
        for (name, value) in items(Array(text.utf8)) {
            if last.updateValue(value, forKey: name) != nil { isRepeated = true }
        }
        var query = QueryItems(target: text)
        for (name, value) in last { precondition(isSame(query.take(name), value), "\(name): \(value)") }
        precondition((query.denial() != nil) == isRepeated, "\(text.prefix(100))")
        // Written again, it reads the same.
        let again = last.map { escaped($0.key) + "=" + escaped($0.value) }.joined(separator: "&")
        var second = QueryItems(target: "/x?" + again)
        for (name, value) in last { precondition(isSame(second.take(name), value), again) }
        precondition(second.denial() == nil, again)
    }

    static func items(_ target: [UInt8]) -> [(String, String)] {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        var items: [(String, String)] = []
        var (name, value): ([UInt8], [UInt8]?) = ([], nil)
        func end() {
            if name.isEmpty, value == nil { return }
            items.append((decoded(name), decoded(value ?? [])))
            (name, value) = ([], nil)
        }
        for byte in target[(mark + 1)...] {
            if byte == UInt8(ascii: "#") { break }
            if byte == UInt8(ascii: "&") {
                end()
            } else if value != nil {
                value?.append(byte)
            } else if byte == UInt8(ascii: "=") {
                value = []
            } else {
                name.append(byte)
            }
        }
        end()
        return items
    }

    private static func checkCoding(_ text: String) {
        let upper = escaped(text)
        precondition(PercentCoding.decoded(upper[...]).utf8.elementsEqual(text.utf8), "\(text.prefix(100))")
        let lower = upper.lowercased()
        precondition(PercentCoding.decoded(lower[...]).utf8.elementsEqual(text.utf8), "\(text.prefix(100))")
        let once = PercentCoding.decoded(text[...])
        precondition(once.utf8.elementsEqual(decoded(Array(text.utf8)).utf8), "\(text.prefix(100))")
        precondition(once.utf8.count <= text.utf8.count)
        // Every percent sign begins two digits, and what they make is UTF-8.
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
        let isWhole = parts.dropFirst().allSatisfy { $0.count >= 2 && $0.prefix(2).allSatisfy(isHex) }
        let exact = isWhole && once.utf8.elementsEqual(decodedBytes(Array(text.utf8))) ? once : nil
        precondition(PercentCoding.exact(text).map { Array($0.utf8) } == exact.map { Array($0.utf8) }, text)
    }

    /// A route below `/v1/models/` has a model; of any other nothing but its path counts.
    private static func checkRoute(_ text: String) {
        let path = RequestTarget.path(of: text)
        for method in ["GET", "POST"] {
            guard case .success(let route) = Route.find(method: method, target: text) else { continue }
            if case .metered(let kind) = route { precondition(method == "POST" && AskKind(path: path) == kind, text) }
        }
    }

    // MARK: Traces and addresses

    private static func checkTrace(_ text: String) {
        guard let context = TraceContext(text) else {
            // What it writes itself it takes.
            precondition(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")?.isSampled == true)
            return
        }
        precondition(TraceContext(context.text) == context)
        let bytes = Array(text.utf8)
        precondition(Array(context.text.utf8)[2..<53].elementsEqual(bytes[2..<53]), text)
        precondition(bytes.count == 55 || bytes[..<2] != [0x30, 0x30], "version 00 has an end")
        let hasTrace = bytes[3..<35].contains { $0 != 0x30 }
        precondition(hasTrace && bytes[36..<52].contains { $0 != 0x30 })
    }

    /// Two lines: a range or a URL, and an address.
    private static func checkAddresses(_ input: FuzzInput) {
        var input = input
        let range = input.line()
        let address = input.text
        if let url = BackendAddress(range), range.utf8.count <= 1024 {
            precondition(BackendAddress(url.origin + url.path) == url, range)
            precondition(1...65535 ~= url.port && !url.host.isEmpty && !url.path.hasSuffix("/"), range)
            precondition(!url.host.contains("@") && !url.host.contains("/"), range)
        }
        checkURL(range)
        let read = AddressRange(range)
        if !range.utf8.contains(UInt8(ascii: ":")) {
            precondition((read == nil) == (ipv4Range(range) == nil), "range: \(range.prefix(100))")
        }
        guard let read else { return }
        precondition(!range.utf8.contains(0))
        if let naive = ipv4Range(range), let other = ipv4(Array(address.utf8)) {
            let isInside = naive.bits == 0 || (naive.network ^ other) >> (32 - naive.bits) == 0
            precondition(read.contains(address) == isInside, "\(range) \(address)")
        }
        // Without a zone, which is ignored with whatever it holds.
        guard !address.utf8.contains(UInt8(ascii: "%")) else { return }
        if AddressRange(address) == nil || address.utf8.contains(UInt8(ascii: "/")) {
            precondition(!read.contains(address), "\(range) \(address.prefix(100))")
        }
    }

    /// libcurl takes every address of a backend, and leads where it says.
    private static func checkURL(_ text: String) {
        let url = text.utf8.count <= 2048 && !text.utf8.contains(0) ? CurlURL(text) : nil
        guard let address = BackendAddress(text) else { return }
        guard let url else { preconditionFailure("libcurl refuses \(text)") }
        precondition(url.part(CURLUPART_SCHEME) == address.scheme && url.part(CURLUPART_USER) == nil, text)
        precondition(url.part(CURLUPART_PORT).map { $0 == String(address.port) } ?? true, text)
        // Numbers in short, and IPv6 in full, it writes another way.
        let host = url.part(CURLUPART_HOST)?.lowercased() ?? ""
        let isNumber = { (text: String) in text.utf8.contains(UInt8(ascii: ":")) || AddressRange(text) != nil }
        precondition(host == address.host || isNumber(host), text)
        precondition((url.part(CURLUPART_PATH) ?? "").utf8.starts(with: address.path.utf8), text)
    }

    private static func ipv4Range(_ text: String) -> (network: UInt32, bits: UInt32)? {
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let network = ipv4(Array(parts[0])) else { return nil }
        guard parts.count == 2 else { return (network, 32) }
        guard 1...3 ~= parts[1].count, let bits = number(parts[1]), bits <= 32 else { return nil }
        return (network, bits)
    }

    private static func ipv4(_ text: [UInt8]) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard 1...3 ~= part.count, let byte = number(part), byte <= 255 else { return nil }
            if part.count > 1, part.first == UInt8(ascii: "0") { return nil }
            address = address << 8 | byte
        }
        return address
    }

    // MARK: Bytes

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt32? {
        digits.allSatisfy(isDigit) ? digits.reduce(0) { $0 * 10 + UInt32($1 - 0x30) } : nil
    }

    private static func isSame(_ one: String?, _ other: String) -> Bool {
        one?.utf8.elementsEqual(other.utf8) == true
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decoded(_ bytes: [UInt8]) -> String {
        String(decoding: decodedBytes(bytes), as: UTF8.self)
    }

    private static func decodedBytes(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place] == UInt8(ascii: "%"), place + 2 < bytes.count, isHex(bytes[place + 1]),
                isHex(bytes[place + 2])
            {
                out.append(value(bytes[place + 1]) * 16 + value(bytes[place + 2]))
                place += 3
            } else {
                out.append(bytes[place])
                place += 1
            }
        }
        return out
    }

    private static func value(_ digit: UInt8) -> UInt8 {
        isDigit(digit) ? digit - UInt8(ascii: "0") : lower(digit) - UInt8(ascii: "a") + 10
    }

    private static func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte + 32 : byte }
    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= lower(byte) }
    private static func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || 0x61...0x66 ~= lower(byte) }
}
