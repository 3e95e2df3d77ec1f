import Fuzzing

@testable import Billing
@testable import Tenancy

/// Texts become values by a second reading too, and values written out become the same values again. Each of the
/// parsers reads all of an input, so that each runs as often as the target.
enum ValuesTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        checkMoney(input.text)
        checkAmount(input.array)
        checkRates(input.text)
        checkPrice(input)
        InstantChecks.run(input)
        checkName(input.text)
        checkCoded(input)
        checkMonth(input.text)
        checkTag(input.text)
    }

    // MARK: Money

    private static func checkMoney(_ text: String) {
        let money = try? Money(decimal: text)
        guard text.utf8.count <= comparedBytes else { return precondition(money == nil) }
        var expected: Int128?
        if let naive = NaiveDecimal(text), naive.isNegative == nil, naive.powerDigits == nil, naive.wholeDigits > 0,
            naive.fractionDigits.map({ 1...12 ~= $0 }) ?? true, naive.wholeDigits <= 24
        {
            expected = naive.whole(movedBy: 12)?.value
        }
        if let value = expected, value > Money.limitMaximum.pico { expected = nil }
        precondition(money?.pico == expected, text)
        guard let money else { return }
        checkWritten(money)
        precondition((try? Money(decimal: money.decimal)) == money, text)
        precondition(Money(micro: money.micro, remainder: money.remainder) == money, text)
    }

    /// Any amount there can be.
    private static func checkAmount(_ bytes: [UInt8]) {
        let pico = bytes.prefix(16).reduce(Int128(0)) { $0 << 8 | Int128($1) }
        checkWritten(Money(pico: pico))
        let low = Money(pico: Int128(Int64(truncatingIfNeeded: pico)))
        checkWritten(low)
        precondition(Money(micro: low.micro, remainder: low.remainder) == low)
        precondition(low.ledgerLine == Int64(truncatingIfNeeded: pico))
    }

    private static func checkWritten(_ money: Money) {
        let digits = String(money.pico.magnitude)
        let padded = Array(String(repeating: "0", count: max(0, 13 - digits.utf8.count)).utf8) + Array(digits.utf8)
        var text = (money.pico < 0 ? "-" : "") + String(decoding: padded.dropLast(12), as: UTF8.self)
        var fraction = Array(padded.suffix(12))
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        if !fraction.isEmpty { text += "." + String(decoding: fraction, as: UTF8.self) }
        precondition(money.decimal == text, text)
    }

    // MARK: Prices

    /// A line a price: its meter, an equals sign, its text.
    private static func checkRates(_ text: String) {
        var perMillion: [String: String] = [:]
        var perUnit: [String: String] = [:]
        for line in text.split(separator: "\n").prefix(40) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, price) = (String(parts[0]), String(parts.last ?? ""))
            guard price.utf8.count <= comparedBytes else { return }
            if let meter = Meter(rawValue: name), !meter.isToken {
                perUnit[name] = price
            } else {
                perMillion[name] = price
            }
        }
        let tokens = perMillion.isEmpty ? nil : perMillion
        guard let rates = try? Rates(perMillion: tokens, perUnit: perUnit) else { return }
        for (texts, digits) in [(perMillion, 6), (perUnit, 12)] {
            for (name, price) in texts {
                guard let meter = Meter(rawValue: name) else { preconditionFailure("\(name) is no meter") }
                let naive = NaiveDecimal(price)?.whole(movedBy: digits)
                precondition(naive?.isExact == true && rates.own(meter).map { Int128($0) } == naive?.value, price)
                precondition(rates[meter] == rates.own(meter), name)
            }
        }
        precondition(rates.perUnit.count == perUnit.count && rates.perMillion?.count == tokens?.count)
        let again = try? Rates(perMillion: rates.perMillion, perUnit: rates.perUnit)
        precondition(again == rates, text)
        precondition(rates.scaled(ppm: 1_000_000) == rates)
    }

    private static func checkPrice(_ input: FuzzInput) {
        var input = input
        let shift = input.pick([0, -6, -3])
        let text = input.text
        let price = try? ExactPrice(text, shift: shift, field: "f")
        guard text.utf8.count <= comparedBytes else { return }
        guard let naive = NaiveDecimal(text), naive.isNegative == nil, naive.wholeDigits > 0,
            naive.fractionDigits != 0
        else { return precondition(price == nil, text) }
        let rounded = naive.whole(movedBy: 12 + shift)
        if let price {
            precondition(rounded.map { $0.value == Int128(price.pico) && $0.isExact != price.isRounded } == true, text)
        } else if let rounded, rounded.isExact, naive.powerDigits ?? 0 <= 3, naive.fractionDigits ?? 0 <= 400 {
            let isLong = naive.significant.count > 34 || rounded.value > Int128(Int64.max)
            // Zeros behind the number may be too many to be moved away.
            precondition(isLong || naive.exponent + shift + 12 <= -38, text)
        }
    }

    // MARK: Names and coded texts

    private static func checkName(_ text: String) {
        let fault = ResourceName.fault(text)
        guard text.utf8.count <= 1024 else { return precondition(fault != nil) }
        if fault == nil {
            precondition(!text.isEmpty && text.utf8.count <= ResourceName.bytesAtMost)
            precondition(!SpreadsheetText.isFormula(text), text)
            precondition(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, text)
            let mended = ResourceName.mended(text, bytesAtMost: ResourceName.bytesAtMost)
            precondition(mended?.utf8.elementsEqual(text.utf8) == true, "a good name is mended: \(text)")
        }
        guard let mended = ResourceName.mended(text, bytesAtMost: 64) else { return }
        precondition(ResourceName.fault(mended) == nil && mended.utf8.count <= 64, mended)
    }

    private static func checkCoded(_ input: FuzzInput) {
        let bytes = Array(input.array.prefix(1024))
        precondition(Base64.decode(Base64.encode(bytes)) == bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        if let decoded = Base64.decode(text) {
            let again = Base64.encode(decoded)
            precondition(again.hasPrefix(text) && again.dropFirst(text.utf8.count).allSatisfy { $0 == "=" }, text)
        }
        if let cursor = UsageCursor(text) {
            precondition(cursor.text.utf8.elementsEqual(text.utf8), text)
        }
        let values = text.split(separator: "|", omittingEmptySubsequences: false).map { String($0) }
        let start = Timestamp(microseconds: bytes.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) })
        let cursor = UsageCursor(start: start, values: values)
        precondition(UsageCursor(cursor.text) == cursor, cursor.text)
    }

    /// Four digits from 1970 on, a minus, two digits of a month; months follow one another.
    private static func checkMonth(_ text: String) {
        let bytes = Array(text.utf8)
        let isWritten =
            bytes.count == 7
            && bytes.enumerated().allSatisfy { place, byte in
                place == 4 ? byte == UInt8(ascii: "-") : 0x30...0x39 ~= byte
            }
        let number = { (digits: ArraySlice<UInt8>) in digits.reduce(0) { $0 * 10 + Int($1) - 0x30 } }
        let isMonth = isWritten && number(bytes[..<4]) >= 1970 && 1...12 ~= number(bytes[5...])
        let month = BillingPeriod(text)
        precondition((month != nil) == isMonth, text)
        guard let month else { return }
        precondition(month.text.utf8.elementsEqual(bytes), text)
        precondition(month.start.microseconds == NaiveTime.microseconds(text + "-01T00:00:00Z"), text)
        precondition(month.start < month.end && month.end == month.next.start && month < month.next, text)
        precondition(BillingPeriod(containing: month.start) == month, text)
        precondition(BillingPeriod(containing: month.end) == month.next, text)
    }

    /// A name, and a value behind the first colon.
    private static func checkTag(_ text: String) {
        let bytes = Array(text.utf8)
        let tag = ExportTag(text)
        precondition((tag == nil) == (bytes.first.map { $0 == UInt8(ascii: ":") } ?? true), text)
        guard let tag else { return }
        precondition(tag.text.utf8.elementsEqual(bytes) && !tag.name.utf8.contains(UInt8(ascii: ":")), text)
        precondition((tag.value != nil) == bytes.contains(UInt8(ascii: ":")), text)
    }
}
