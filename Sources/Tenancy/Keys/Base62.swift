/// Digits 0-9A-Za-z, as used in keys.
enum Base62 {
    static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The value of each byte as a digit; 255 for bytes that are none.
    static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// Digits drawn evenly from the system's random source.
    static func random(count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count < count {
            // 248 is the largest multiple of 62 in a byte: above it the draw would favour the first digits.
            for byte in SecretBytes.random(count * 2) where byte < 248 && result.count < count {
                result.append(digits[Int(byte % 62)])
            }
        }
        return result
    }

    /// The number in the given count of digits, zero-padded; higher digits are dropped.
    static func padded(_ number: UInt32, count: Int) -> [UInt8] {
        var result = [UInt8](repeating: digits[0], count: count)
        var rest = number
        for position in stride(from: count - 1, through: 0, by: -1) {
            result[position] = digits[Int(rest % 62)]
            rest /= 62
        }
        return result
    }
}
