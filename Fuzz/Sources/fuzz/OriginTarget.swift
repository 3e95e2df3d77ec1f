import Foundation
import Fuzzing
import NIOCore
import NIOHTTP1

@testable import Proxy
@testable import Tenancy

/// Where a request comes from, behind any chain of proxies, and which numbers in it a trace names.
enum OriginTarget {
    private static let names = ["X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-FOR", "Forwarded"]
    private static let members = [
        "temperature": "gen_ai.request.temperature", "top_p": "gen_ai.request.top_p",
        "top_k": "gen_ai.request.top_k", "frequency_penalty": "gen_ai.request.frequency_penalty",
        "presence_penalty": "gen_ai.request.presence_penalty", "seed": "gen_ai.request.seed",
    ]
    /// Of more hops it would be the second reading that takes its time.
    private static let comparedBytes = 8 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        checkChain(input)
        checkParameters(input.bytes)
    }

    // MARK: Chains

    /// Lines: trusted ranges, the socket's address, then the fields, each with its name.
    private static func checkChain(_ input: FuzzInput) {
        var input = input
        let trusted = input.line().split(separator: " ").prefix(8).compactMap { AddressRange(String($0)) }
        let peer = input.line()
        var headers = HTTPHeaders()
        var values: [String] = []
        for line in input.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(64) {
            let name = names[Int(line.utf8.first ?? 0) % names.count]
            let value = String(line.dropFirst())
            headers.add(name: name, value: value)
            if name.lowercased() == "x-forwarded-for" { values.append(value) }
        }
        let found = trusted.client(behind: peer, forwarded: headers["x-forwarded-for"])
        guard values.reduce(0, { $0 + $1.utf8.count }) <= comparedBytes else { return }
        let hops = values.flatMap(hops)
        let wanted = client(behind: peer, hops, trusted)
        precondition(found.map { Array($0.utf8) } == Array(wanted.utf8), "\(peer) \(hops): \(found ?? "nobody")")
        // Nothing that a client puts before what the proxies added makes it another one.
        guard !trusted.contains(where: { $0.contains(wanted) }) else { return }
        let longer = ["127.0.0.1", "6.6.6.6, 10.0.0.1,,"] + values
        precondition(trusted.client(behind: peer, forwarded: longer) == found, "\(hops)")
        precondition(trusted.client(behind: nil, forwarded: longer) == nil)
    }

    /// From the right, past every hop that is trusted itself.
    private static func client(behind peer: String, _ hops: [String], _ trusted: [AddressRange]) -> String {
        var client = peer
        var rest = hops[...]
        while trusted.contains(where: { $0.contains(client) }) {
            guard let next = rest.popLast() else { return peer }
            client = next
        }
        return client
    }

    /// What stands between commas, without spaces and tabs around it; nothing but those is no hop.
    private static func hops(_ value: String) -> [String] {
        var hops: [String] = []
        var hop: [UInt8] = []
        func end() {
            while let last = hop.last, last == 0x20 || last == 0x09 { hop.removeLast() }
            if !hop.isEmpty { hops.append(String(decoding: hop, as: UTF8.self)) }
            hop = []
        }
        for byte in value.utf8 {
            if byte == UInt8(ascii: ",") {
                end()
            } else if !hop.isEmpty || byte != 0x20 && byte != 0x09 {
                hop.append(byte)
            }
        }
        end()
        return hops
    }

    // MARK: Parameters

    private static func checkParameters(_ body: ByteBuffer) {
        let attributes = RequestParameters.read(body)
        let text = Array(body.readableBytesView)
        for attribute in attributes {
            guard let member = members.first(where: { $0.value == attribute.name })?.key else {
                preconditionFailure("\(attribute.name) is no parameter")
            }
            switch attribute.value {
            case .integer(let number): precondition(member == "seed", "\(member) \(number)")
            case .number(let digits):
                precondition(member != "seed" && 1...32 ~= digits.utf8.count, digits)
                precondition(text.count > comparedBytes || isNumber(digits), digits)
            default: preconditionFailure("\(member) is content")
            }
        }
        guard !attributes.isEmpty, text.count <= comparedBytes,
            let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any]
        else { return }
        let written = String(decoding: text, as: UTF8.self)
        for (member, name) in members {
            let named = attributes.filter { $0.name == name }
            // Of a member that is there twice, which no request may have, each reader takes another.
            let isSingle = written.components(separatedBy: "\"\(member)\"").count == 2 && !written.contains("\\u")
            guard isSingle else { continue }
            guard let number = object[member] as? NSNumber, named.count == 1 else { continue }
            switch named[0].value {
            case .integer(let read):
                let isNear = isSame(Double(read), number.doubleValue) && read.magnitude > 1 << 53
                precondition(isNear || Double(read) == number.doubleValue, "\(member): \(read)")
            case .number(let digits):
                // Beyond what a double can hold the readers may differ.
                guard let read = Double(digits), read.isFinite, read.isNormal else { continue }
                precondition(isSame(read, number.doubleValue), "\(member): \(digits)")
            default: break
            }
        }
        checkDocument(attributes)
    }

    /// Foundation reads many digits as a `Decimal` first, which it multiplies or divides by ten up to 128 times, each time
    /// rounded.
    private static func isSame(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 128 * one.ulp }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private static func isNumber(_ text: String) -> Bool {
        guard let naive = NaiveDecimal(text), naive.isNegative != false, naive.wholeDigits > 0,
            naive.fractionDigits != 0
        else { return false }
        let whole = text.utf8.drop { $0 == UInt8(ascii: "-") }
        return naive.wholeDigits == 1 || whole.first != UInt8(ascii: "0")
    }

    /// What leaves with the span is JSON as well.
    private static func checkDocument(_ attributes: [Span.Attribute]) {
        guard let context = TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") else {
            preconditionFailure("no context")
        }
        let span = Span(
            context: context, parentID: nil, name: "chat", kind: .server, start: 0, end: 1, attributes: attributes,
            isFailed: false)
        let bytes = SpanDocument(version: "0").bytes([span])
        do {
            _ = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView))
        } catch let error as NSError {
            let text = error.userInfo["NSDebugDescription"] as? String ?? ""
            precondition(text.contains("Number"), "\(text): \(String(buffer: bytes))")
        }
    }
}
