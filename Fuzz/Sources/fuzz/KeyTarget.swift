import Fuzzing
import NIOHTTP1

@testable import Proxy
@testable import Tenancy

/// Only what has the grammar and checksum of a key is one.
enum KeyTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        checkGrammar(bytes)
        checkMade(from: bytes)
        checkCost(String(decoding: bytes, as: UTF8.self))
        var input = FuzzInput(bytes)
        let names = ["authorization", "Authorization", "x-api-key", "X-API-Key", "cookie"]
        let first = input.pick(names)
        let second = input.pick(names)
        let values = input.text.split(separator: "\n", maxSplits: 1).map(String.init)
        guard let value = values.first else { return }
        var headers = HTTPHeaders([(first, value)])
        if values.count > 1 { headers.add(name: second, value: values[1]) }
        if let found = PresentedKey.text(in: headers) {
            // By bytes: a combining mark after "Bearer " makes one character with the space, and no suffix of characters.
            precondition(values.contains { $0.utf8.suffix(found.utf8.count).elementsEqual(found.utf8) })
            var text = found
            _ = text.withUTF8 { KeySecret.parse(UnsafeRawBufferPointer($0)) }
        }
    }

    private static func checkGrammar(_ bytes: UnsafeRawBufferPointer) {
        for kind in [KeySecret.Kind.tenant, .admin] {
            guard let id = KeySecret.parse(bytes, kind: kind) else { continue }
            let digits = bytes.dropLast(6)
            let checksum = Base62.padded(CRC32.checksum(UnsafeRawBufferPointer(rebasing: digits)), count: 6)
            precondition(bytes.suffix(6).elementsEqual(checksum))
            precondition(String(decoding: digits, as: UTF8.self).contains("_\(id.text)_"))
        }
    }

    /// Digits from the input make a key; with one byte changed it is none.
    private static func checkMade(from bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 54 else { return }
        let digits = bytes.prefix(53).map { Base62.digits[Int($0) % 62] }
        var key = Array("tg_".utf8) + digits.prefix(10) + [UInt8(ascii: "_")] + digits.dropFirst(10)
        key += key.withUnsafeBytes { Base62.padded(CRC32.checksum($0), count: 6) }
        precondition(isKey(key), "a made key is refused")
        let place = Int(bytes[53]) % key.count
        key[place] ^= 1 << (bytes[53] & 7)
        precondition(!isKey(key), "a changed key is taken")
    }

    /// The cost that a stored hash states is what its digits say, and no other text states one.
    private static func checkCost(_ text: String) {
        guard let cost = KeyHasher.Cost(phc: text) else { return }
        let numbers = [cost.memoryKiB, cost.iterations, cost.parallelism]
        let fields = Array(text.utf8).split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        precondition(fields[0].isEmpty && fields[1].elementsEqual("argon2id".utf8), text)
        precondition(fields[2].elementsEqual("v=19".utf8), text)
        let parameters = fields[3].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        precondition(parameters.count == numbers.count, text)
        for ((name, number), parameter) in zip(zip("mtp".utf8, numbers), parameters) {
            precondition(parameter.starts(with: [name, UInt8(ascii: "=")]), text)
            let digits = parameter.dropFirst(2).drop { $0 == UInt8(ascii: "0") }
            precondition(digits.elementsEqual(number == 0 ? "".utf8 : String(number).utf8), text)
        }
        let written = "$argon2id$v=19$m=\(numbers[0]),t=\(numbers[1]),p=\(numbers[2])$c2FsdA$aGFzaA"
        precondition(KeyHasher.Cost(phc: written) == cost, text)
    }

    private static func isKey(_ key: [UInt8]) -> Bool {
        key.withUnsafeBytes { KeySecret.parse($0) != nil }
    }
}
