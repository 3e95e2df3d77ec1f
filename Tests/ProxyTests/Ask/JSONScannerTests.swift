import Foundation
import Testing

@testable import Proxy

@Suite struct JSONScannerTests {
    @Test(arguments: [
        "{}", "[]", " { } ", "[1]", "\"\"", "0", "-0", "-1.5e+10", "1E5", "true", "false", "null", "[[],{}]",
        #"{"a":1,"b":[true,null,"x"]}"#, #""\u0041\ud83d\ude00\"\\\/\b\f\n\r\t""#, "\"é日本😀\"", "\"\u{7F}\"",
        "\"\u{10FFFF}\u{D7FF}\u{E000}\"", "[\"0123456\",\"01234567\",\"012345678\"]", "\t\r\n [ 1 , 2 ] ",
    ])
    func acceptsWhatTheGrammarAllows(_ text: String) {
        #expect(fault(text) == nil)
    }

    @Test(arguments: [
        ("", JSONFault.Kind.unexpectedEnd, 0), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2),
        ("[1,]", .unexpectedByte, 3), ("{\"a\":1,}", .unexpectedByte, 7), ("[,1]", .unexpectedByte, 1),
        ("{a:1}", .unexpectedByte, 1), ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":}", .unexpectedByte, 5),
        ("[1 2]", .unexpectedByte, 3), ("[1}", .unexpectedByte, 2), ("nul", .unexpectedEnd, 3),
        ("nulL", .unexpectedByte, 3), ("+1", .unexpectedByte, 0), ("01", .malformedNumber, 0),
        ("-", .malformedNumber, 0), ("1.", .malformedNumber, 0), ("[.5]", .unexpectedByte, 1),
        ("1e", .malformedNumber, 0), ("1e+", .malformedNumber, 0), ("-x", .malformedNumber, 0),
        ("0x1", .trailingBytes, 1), ("{} {}", .trailingBytes, 3), ("1 2", .trailingBytes, 2),
        ("\"abc", .unexpectedEnd, 4), ("\"\\", .unexpectedEnd, 2), ("\"\\u12", .unexpectedEnd, 5),
        ("\"\\x\"", .malformedEscape, 1), ("\"\\u12G4\"", .malformedEscape, 1), ("\"a\nb\"", .controlCharacter, 2),
        ("\"12345678\u{1}\"", .controlCharacter, 9), ("\"\\ud800\"", .loneSurrogate, 1),
        ("\"\\udc00\"", .loneSurrogate, 1), ("\"\\ud800\\u0041\"", .loneSurrogate, 1),
        ("\u{FEFF}{}", .unexpectedByte, 0), ("'a'", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
    ])
    func namesTheFaultAndItsOffset(_ text: String, _ kind: JSONFault.Kind, _ offset: Int) {
        #expect(fault(text) == JSONFault(kind: kind, offset: offset))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func refusesMalformedUTF8UnlessLenient(_ sequence: [UInt8]) {
        let text: [UInt8] = [0x22, 0x61] + sequence + [0x22]
        #expect(fault(bytes: text) == JSONFault(kind: .malformedUTF8, offset: 2))
        #expect(fault(bytes: text, strings: .lenient) == nil)
    }

    @Test func nestsSixtyFourDeepAndNoDeeper() {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(fault(deep) == nil)
        #expect(fault("[" + deep + "]") == JSONFault(kind: .tooDeep, offset: 64))
        #expect(fault(String(repeating: "{\"a\":", count: 100_000)) == JSONFault(kind: .tooDeep, offset: 320))
    }

    @Test func readsStringsAsTheyAreSpelled() throws {
        let cases = [
            (#""plain""#, "plain"), (#""mod\u0065l""#, "model"), (#""\ud83d\ude00!""#, "😀!"),
            (#""a\\u0041""#, "a\\u0041"),
            (#""\"\/\b\f\n\r\t""#, "\"/\u{8}\u{C}\n\r\t"), (#""\u00e9é\u0000""#, "éé\u{0}"), (#""\\""#, "\\"),
        ]
        for (text, expected) in cases {
            let bytes = Array(text.utf8)
            let string = try bytes.withUnsafeBytes { buffer in
                var scanner = JSONScanner(buffer)
                return JSONText.string(try scanner.skipValue(), in: buffer)
            }
            #expect(string == expected)
            let quoted = Data(JSONText.quoted(expected).utf8)
            let back = try JSONSerialization.jsonObject(with: quoted, options: .allowFragments)
            #expect(back as? String == expected)
        }
    }

    @Test func whatItAcceptsAnotherParserAcceptsToo() {
        var random = RandomBody(seed: 11)
        var accepted = 0
        for _ in 0..<3000 {
            var bytes = Array(random.value().utf8)
            #expect(fault(bytes: bytes) == nil)
            for _ in 0..<1 + random.below(2) where !bytes.isEmpty {
                let position = random.below(bytes.count)
                bytes[position] = random.pick([0x22, 0x5C, 0x7B, 0x7D, 0x2C, 0x30, 0x2D, 0x2E, 0x65, 0x00, 0xC3, 0x5B])
            }
            guard fault(bytes: bytes) == nil else { continue }
            accepted += 1
            let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: .allowFragments)
            #expect(other != nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 100)
    }

    private func fault(_ text: String) -> JSONFault? {
        fault(bytes: Array(text.utf8))
    }

    private func fault(bytes: [UInt8], strings: JSONScanner.Strings = .strict) -> JSONFault? {
        bytes.withUnsafeBytes { buffer in
            var scanner = JSONScanner(buffer, strings: strings)
            do throws(JSONFault) {
                try scanner.skipValue()
                try scanner.end()
                return nil
            } catch {
                return error
            }
        }
    }
}
