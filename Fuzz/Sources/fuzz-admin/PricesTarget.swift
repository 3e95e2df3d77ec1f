import Billing
import Fuzzing

@testable import AdminAPI

/// A price list becomes prices that could be set by hand, and those it names plainly are what their digits say.
enum PricesTarget {
    /// What a list calls the prices of a model's tokens.
    private struct Names {
        let input: String
        let output: String
    }

    private static let days = ["2024-01-01", "2026-11-26", "9999-12-31"]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let day = input.pick(days)
        guard let document = try? JSONParser.parse(input.array) else { return }
        // Each reads it, whosever it is.
        for format in PriceListFormat.allCases { check(document, format, day) }
    }

    private static func check(_ document: JSONValue, _ format: PriceListFormat, _ day: String) {
        guard let reading = try? format.read(document, on: day) else { return }
        for price in reading.list.prices { check(price) }
        for omission in reading.list.omissions { precondition(!omission.reason.isEmpty) }
        switch format {
        case .litellm:
            let names = Names(input: "input_cost_per_token", output: "output_cost_per_token")
            check(reading.list, litellm(document), names)
        case .openrouter:
            check(reading.list, openRouter(document), Names(input: "prompt", output: "completion"))
        case .genaiPrices: break
        }
        // The same document reads the same, and so does what it looks like once it is written again.
        if let again = try? JSONParser.parse(document.bytes), let second = try? format.read(again, on: day) {
            precondition(second.list == reading.list, "the reading depends on more than the document")
        } else {
            preconditionFailure("the document is no list once it is written again")
        }
    }

    private static func check(_ price: ListedPrice) {
        precondition(!price.model.isEmpty && price.model.utf8.count <= 128, price.model)
        if let above = price.aboveTokens { precondition(1...TokenUsage.lineMaximum ~= above, price.model) }
        for meter in Meter.allCases { precondition(price.rates[meter] >= 0, price.model) }
        let (perMillion, perUnit) = (price.rates.perMillion, price.rates.perUnit)
        precondition(perMillion != nil || !perUnit.isEmpty, "\(price.model) has no price")
        let again = try? Rates(perMillion: perMillion, perUnit: perUnit)
        precondition(again == price.rates, "\(price.model) could not be set by hand")
        for rounding in price.roundings {
            guard let naive = NaiveDecimal(rounding.given) else { preconditionFailure(rounding.given) }
            precondition(naive.isNegative == nil && rounding.taken >= 0, rounding.given)
        }
    }

    /// Compares the standard prices of input and output with their digits.
    private static func check(_ list: PriceList, _ models: [String: [JSONMember]], _ names: Names) {
        for price in list.prices where price.tier == nil && price.aboveTokens == nil {
            guard let members = models[price.model] else { continue }
            for (name, meter) in [(names.input, Meter.input), (names.output, .output)] {
                guard let member = members.first(where: { $0.name == name }), let text = digits(member.value),
                    let naive = NaiveDecimal(text)?.whole(movedBy: 12)
                else { continue }
                precondition(price.rates.own(meter).map { Int128($0) } == naive.value, "\(price.model) \(name) \(text)")
            }
        }
    }

    /// Models by name, but for those whose stages may take the place of their standard price.
    private static func litellm(_ document: JSONValue) -> [String: [JSONMember]] {
        guard case .object(let models) = document else { return [:] }
        var found: [String: [JSONMember]] = [:]
        for model in models {
            guard case .object(let members) = model.value, !members.contains(where: { $0.name == "tiered_pricing" })
            else { continue }
            found[model.name] = members
        }
        return found
    }

    /// Models by name, but for those that stand there twice.
    private static func openRouter(_ document: JSONValue) -> [String: [JSONMember]] {
        guard case .array(let entries)? = document.member("data") else { return [:] }
        var found: [String: [JSONMember]] = [:]
        var twice: Set<String> = []
        for entry in entries {
            guard case .string(let name)? = entry.member("id"), case .object(let pricing)? = entry.member("pricing")
            else { continue }
            if found.updateValue(pricing, forKey: name) != nil { twice.insert(name) }
        }
        return found.filter { !twice.contains($0.key) }
    }

    private static func digits(_ value: JSONValue) -> String? {
        switch value {
        case .number(let text), .string(let text): text
        default: nil
        }
    }
}
