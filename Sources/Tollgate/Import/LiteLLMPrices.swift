import Billing
import Foundation

/// The prices of one deployment, or of a model over all its deployments, in USD of one token or one unit.
struct LiteLLMPrices: Sendable, Equatable {
    /// Which calls a set of prices is for.
    struct Version: Sendable, Hashable, Comparable {
        /// A service tier; empty: the standard one.
        var tier = ""
        /// Calls with more input tokens than this; 0: all.
        var above: Int64 = 0

        static func < (left: Version, right: Version) -> Bool {
            (left.tier, left.above) < (right.tier, right.above)
        }
    }

    /// Where the number of one field belongs.
    struct Slot: Sendable, Equatable {
        var version: Version
        /// Tollgate's name for what is counted.
        var meter: String
        /// Whether it is priced by the piece instead of by the million.
        var isUnit: Bool
    }

    /// By version and meter, of one token.
    private(set) var tokens: [Version: [String: Decimal]] = [:]
    /// By meter, of one piece.
    private(set) var units: [String: Decimal] = [:]

    var isEmpty: Bool { tokens.isEmpty && units.isEmpty }

    /// Reads every price an entry gives; what is no number is noted and left out.
    init(_ fields: LiteLLMFields, notes: inout ImportNotes) {
        var named: [String: String] = [:]
        for member in fields.info.members + fields.params.members where !member.value.isNull {
            guard let slot = Self.slot(of: member.name) else { continue }
            guard let price = member.value.text.flatMap(ExactAmount.read), Self.isTaken(price, slot) else {
                notes.lose("\(member.name) of \(fields.group)", "not an amount that Tollgate takes")
                continue
            }
            if slot.isUnit {
                // Only the same field given again replaces a price: a call is charged for what goes in and comes out.
                let other = named.updateValue(member.name, forKey: slot.meter) ?? member.name
                if other != member.name, let present = units[slot.meter], present != price {
                    notes.lose(
                        "\(other) and \(member.name) of \(fields.group)",
                        "there is one price a \(slot.meter); the larger was taken")
                    units[slot.meter] = max(present, price)
                } else {
                    units[slot.meter] = price
                }
            } else {
                tokens[slot.version, default: [:]][slot.meter] = price
            }
        }
    }

    /// Whether a state file can hold it; of a million it may be too much.
    private static func isTaken(_ price: Decimal, _ slot: Slot) -> Bool {
        let (text, _) = slot.isUnit ? ExactAmount.perUnit(price) : ExactAmount.perMillion(price)
        return (try? Money(decimal: text)) != nil
    }

    /// Takes the dearer of every two prices; true if the other ones differed.
    mutating func merge(_ other: LiteLLMPrices) -> Bool {
        let differs = self != other
        for (version, prices) in other.tokens {
            tokens[version, default: [:]].merge(prices) { max($0, $1) }
        }
        units.merge(other.units) { max($0, $1) }
        return differs
    }

    /// Every version whole: what one leaves out costs what the same tier or the standard version says, else nothing.
    func complete() -> [(version: Version, prices: [String: Decimal])] {
        tokens.keys.sorted().map { version in
            var prices = tokens[version] ?? [:]
            for behind in [Version(tier: version.tier), Version()] {
                prices.merge(tokens[behind] ?? [:]) { own, _ in own }
            }
            for meter in ["input", "output"] where prices[meter] == nil { prices[meter] = 0 }
            return (version, prices)
        }
    }

    // MARK: Names

    private static let meters: [String: String] = [
        "input_cost_per_token": "input", "output_cost_per_token": "output",
        "cache_read_input_token_cost": "input_cache_read",
        "cache_creation_input_token_cost": "input_cache_write_5m",
        "cache_creation_input_token_cost_above_1hr": "input_cache_write_1h",
        "output_cost_per_reasoning_token": "output_reasoning", "input_cost_per_audio_token": "input_audio",
        "output_cost_per_audio_token": "output_audio", "input_cost_per_image_token": "input_image",
    ]

    private static let units: [String: String] = [
        "input_cost_per_image": "image", "output_cost_per_image": "image", "input_cost_per_second": "second",
        "output_cost_per_second": "second", "input_cost_per_character": "character",
        "output_cost_per_character": "character", "input_cost_per_query": "search",
        "input_cost_per_request": "request",
    ]

    private static let tiers = ["_flex": "flex", "_priority": "priority", "_batches": "batch"]

    /// Where the number of a field belongs; nil for a field that is no price Tollgate knows.
    static func slot(of field: String) -> Slot? {
        if let unit = units[field] { return Slot(version: Version(), meter: unit, isUnit: true) }
        var name = field[...]
        var version = Version()
        for (suffix, tier) in tiers where name.hasSuffix(suffix) {
            name = name.dropLast(suffix.count)
            version.tier = tier
        }
        if name.hasSuffix("k_tokens"), let mark = name.ranges(of: "_above_").last {
            guard let thousands = Int64(name[mark.upperBound...].dropLast("k_tokens".count)), 1...100_000 ~= thousands
            else { return nil }
            version.above = thousands * 1000
            name = name[..<mark.lowerBound]
        }
        return meters[String(name)].map { Slot(version: version, meter: $0, isUnit: false) }
    }
}
