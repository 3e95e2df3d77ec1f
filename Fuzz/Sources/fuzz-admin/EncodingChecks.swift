import Fuzzing
import HTTPTypes

@testable import AdminAPI

/// Whether a client takes gzip, read a second time in bytes.
enum EncodingChecks {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    /// Lines are fields that say which encodings are taken.
    static func run(_ input: FuzzInput) {
        var fields = HTTPFields()
        var members: [[UInt8]] = []
        for line in input.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(32) {
            guard HTTPField.isValidValue(String(line)) else { continue }
            fields.append(HTTPField(name: .acceptEncoding, value: String(line)))
            members += parts(Array(line.utf8), UInt8(ascii: ","))
        }
        let accepts = fields.acceptsGzip
        // By characters and by bytes is the same in ASCII.
        guard members.reduce(0, { $0 + $1.count }) <= comparedBytes, members.allSatisfy({ $0.allSatisfy { $0 < 0x80 } })
        else { return }
        var isTaken: [[UInt8]: Bool] = [:]
        for member in members {
            let words = parts(QueriesTarget.trimmed(member[...]), UInt8(ascii: ";")).map(plain)
            guard let coding = words.first, isTaken[coding] == nil else { continue }
            isTaken[coding] = !words.dropFirst().contains(where: isNothing)
        }
        let wanted = isTaken[Array("gzip".utf8)] ?? isTaken[Array("*".utf8)] ?? false
        precondition(accepts == wanted, "\(fields)")
    }

    private static func parts(_ bytes: [UInt8], _ separator: UInt8) -> [[UInt8]] {
        bytes.split(separator: separator).map { Array($0) }
    }

    /// Without blanks and in small letters.
    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        bytes.filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
    }

    /// A weight of nothing.
    private static func isNothing(_ word: [UInt8]) -> Bool {
        word.starts(with: Array("q=0".utf8)) && !word.contains { (0x31...0x39).contains($0) }
    }
}
