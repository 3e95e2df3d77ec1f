import Foundation
import Fuzzing

#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// Words of the operator's files. Each of the parsers reads all of an input.
enum WordsTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        checkWords(input.text)
        checkAmount(input.text)
    }

    private static func checkWords(_ text: String) {
        checkSize(text)
        if let address = ListenAddress(text) {
            precondition(0...65535 ~= address.port && !address.host.isEmpty, text)
            precondition(ListenAddress(address.description) == address, text)
            precondition(!address.isLoopback || address.reachable == address, text)
        }
        if let path = try? StorageURL.path(text) {
            precondition(text.utf8.elementsEqual(("sqlite://" + path).utf8) && !path.isEmpty, text)
        }
        if text.utf8.count <= 512 {
            let edits = NearestName.edits(text, "listen")
            precondition(edits == NearestName.edits("listen", text) && edits >= abs(text.count - 6), text)
            precondition((edits == 0) == (text == "listen"), text)
        }
    }

    private static func checkSize(_ text: String) {
        let read = SizeText.bytes(text)
        let bytes = Array(text.utf8)
        let digits = bytes.prefix { 0x30...0x39 ~= $0 }
        let unit = String(decoding: bytes.dropFirst(digits.count).drop { $0 == 0x20 }, as: UTF8.self)
        let factors: [String: Int128] = [
            "": 1, "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "KiB": 1024, "MiB": 1_048_576,
            "GiB": 1_073_741_824,
        ]
        var wanted: Int?
        let significant = digits.drop { $0 == 0x30 }
        if !digits.isEmpty, significant.count <= 20, let factor = factors[unit] {
            wanted = Int(exactly: significant.reduce(Int128(0)) { $0 * 10 + Int128($1 - 0x30) } * factor)
        }
        precondition(read == wanted, text)
        guard let read else { return }
        precondition(SizeText.bytes(SizeText.text(read)) == read, text)
        precondition(!SizeText.short(UInt64(read)).isEmpty)
    }

    private static func checkAmount(_ text: String) {
        let (amount, plain) = (ExactAmount.read(text), PlainDecimal.read(text))
        guard text.utf8.count <= comparedBytes else { return precondition(amount == nil && plain == nil) }
        guard let naive = NaiveDecimal(text) else {
            return precondition(amount == nil && plain == nil, text)
        }
        if let amount {
            precondition(naive.isNegative == nil && amount >= 0, text)
            // Rounded up, so never below the price.
            let (million, isRounded) = ExactAmount.perMillion(amount)
            guard let exact = naive.whole(movedBy: 12), let written = NaiveDecimal(million)?.whole(movedBy: 6) else {
                return
            }
            precondition(written.isExact, million)
            let floor = exact.value
            precondition(written.value >= floor && written.value <= floor + 1, "\(text) \(million)")
            precondition(isRounded == !exact.isExact, "\(text) \(million)")
            if exact.isExact { precondition(written.value == floor, "\(text) \(million)") }
        }
        guard let plain else { return }
        precondition(naive.powerDigits == nil && naive.isNegative != false, text)
        guard let whole = naive.whole(movedBy: 12), whole.isExact else { return }
        let sign: Int128 = naive.isNegative == true ? -1 : 1
        let scaled = plain * Decimal(sign: .plus, exponent: 12, significand: 1)
        precondition(Int128("\(scaled)") == whole.value * sign, text)
    }
}
