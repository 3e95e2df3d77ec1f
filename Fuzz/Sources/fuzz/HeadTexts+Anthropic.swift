import Fuzzing
import NIOCore
import NIOHTTP1

@testable import Proxy
@testable import Tenancy

/// What only Anthropic's clients ask for: pages of models, and a refusal in their shape before a head is whole.
extension HeadTexts {
    private static let models = (0..<30).map { number in
        ModelDefinition(
            name: "m\(number / 10)\(number % 10)", targets: [], maxOutputTokens: 1,
            createdAt: Timestamp(microseconds: 0))
    }

    static func checkModelPage(_ text: String) {
        var last: [String: String] = [:]
        var isRepeated = false
        for (name, value) in items(Array(text.utf8)) {
            if last.updateValue(value, forKey: name) != nil { isRepeated = true }
        }
        let limit = last["limit"].map(limitOf) ?? 20
        let isOneWay = last["after_id"] == nil || last["before_id"] == nil
        guard let page = try? AnthropicModelPage(target: text) else {
            precondition(limit == nil || !isOneWay || isRepeated, "refused: \(text.prefix(100))")
            return
        }
        precondition(page.limit == limit && isOneWay && !isRepeated, "taken: \(text.prefix(100))")
        let found = page.cut(models)
        let rest = models.filter { model in
            last["after_id"].map { model.name > $0 } ?? true && last["before_id"].map { model.name < $0 } ?? true
        }
        precondition(found.page.count == min(rest.count, page.limit), "\(text.prefix(100))")
        precondition(found.hasMore == (rest.count > page.limit), "\(text.prefix(100))")
        let wanted = last["before_id"] == nil ? rest.prefix(page.limit) : rest.suffix(page.limit)
        precondition(found.page.elementsEqual(wanted), "\(text.prefix(100))")
    }

    /// Digit by digit; nil where it is no limit.
    private static func limitOf(_ text: String) -> Int? {
        var digits = Array(text.utf8)[...]
        if digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let number = digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), 1001) }
        return 1...1000 ~= number ? number : nil
    }

    /// The first bytes never say another shape than the whole head does, nor take back what they said.
    static func checkFirstBytes(_ bytes: [UInt8]) {
        var told: ErrorShape?
        for length in 0...min(bytes.count, 160) {
            let found = ErrorShape(firstBytes: ByteBuffer(bytes: bytes.prefix(length)))
            precondition(told == nil || found == told, "taken back at \(length)")
            told = found
        }
        guard let told else { return }
        let target = bytes.drop { $0 != 0x20 }.dropFirst().prefix { $0 != 0x20 }
        let whole = ErrorShape(target: String(decoding: target, as: UTF8.self), headers: HTTPHeaders())
        precondition(told == whole, "another shape than the head's")
    }
}
