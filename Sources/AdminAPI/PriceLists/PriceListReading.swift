import Billing
import Tenancy

/// A price list while it is read: prices by model, tier and threshold, and what is not taken over.
struct PriceListReading {
    /// What a price is for.
    struct Place: Hashable {
        var tier: String?
        var aboveTokens: Int64?
    }

    private static let placesAtMost = 64

    /// One model's prices as they are found.
    struct Model {
        /// Prices that are named as left out.
        private static let omissionsAtMost = 100

        let name: String
        fileprivate var places: [Place: [Meter: Int64]] = [:]
        fileprivate var roundings: [Place: [ListedPrice.Rounding]] = [:]
        fileprivate var faults: [String] = []
        fileprivate var omissions: [PriceList.Omission] = []

        init(_ name: String) {
            self.name = name
        }

        /// Takes over one price, moved `shift` decimal places; what it cannot be is a fault of the model.
        mutating func add(_ value: JSONValue, _ meter: Meter, at place: Place = Place(), shift: Int = 0) {
            let text: String
            switch value {
            case .number(let digits), .string(let digits): text = digits
            case .null: return
            default:
                faults.append("the price of \(meter.rawValue) is no number")
                return
            }
            do throws(RatesError) {
                let price = try ExactPrice(text, shift: shift, field: meter.rawValue)
                places[place, default: [:]][meter] = price.pico
                if price.isRounded {
                    roundings[place, default: []].append(.init(meter: meter, given: text, taken: price.pico))
                }
            } catch {
                faults.append(Self.words(error, text))
            }
        }

        /// Names a price that cannot be taken over, unless it is zero: what it is for will be charged by other prices,
        /// or not at all.
        mutating func leaveOut(_ price: String, _ value: JSONValue, _ reason: String = "there is no meter for it") {
            let omission = PriceList.Omission(model: name, price: price, reason: reason)
            // A list may name a million of them.
            if value.hasPrice, omissions.count < Self.omissionsAtMost, !omissions.contains(omission) {
                omissions.append(omission)
            }
        }

        /// A reason not to take the model over.
        mutating func refuse(_ reason: String) { faults.append(reason) }

        private static func words(_ error: RatesError, _ text: String) -> String {
            switch error {
            case .tooManyFractionDigits(let field, _): "\(field) \(text) cannot be kept to 0.01 % in picodollars"
            case .outOfRange(let field): "\(field) \(text) is out of range"
            case .malformed(let field), .missing(let field), .unknown(let field): "\(field) \(text) is no price"
            }
        }
    }

    private(set) var list = PriceList()

    /// Takes a model over: a tier or a threshold has the standard prices, but for those of its own. `hasNoOutput` says
    /// that the model makes no tokens, so that an output price may be missing.
    mutating func add(_ model: Model, hasNoOutput: Bool) {
        // No model could have such a name, and a price stays for ever.
        if let fault = ResourceName.fault(model.name) { return omit(model.name, "its name \(fault)") }
        if let fault = model.faults.first { return omit(model.name, fault) }
        // Each is looked at with every call.
        guard model.places.count <= Self.placesAtMost else {
            return omit(model.name, "it has prices of more than \(Self.placesAtMost) tiers and lengths")
        }
        guard !model.places.isEmpty else {
            return omit(model.name, model.omissions.isEmpty ? "it has no price" : "no price of it has a meter")
        }
        guard model.places[Place()] != nil else {
            return omit(model.name, "it has prices of other tiers or lengths only, and no standard one")
        }
        var rates: [(Place, Rates)] = []
        for place in model.places.keys.sorted(by: Self.isBefore) {
            var own = model.places[Place()] ?? [:]
            for general in [Place(tier: place.tier), Place(aboveTokens: place.aboveTokens), place] {
                own.merge(model.places[general] ?? [:]) { _, given in given }
            }
            if hasNoOutput, own[.input] != nil, own[.output] == nil { own[.output] = 0 }
            let hasTokens = own.keys.contains(where: \.isToken)
            guard hasTokens else {
                rates.append((place, Rates(units: own)))
                continue
            }
            guard let input = own[.input], let output = own[.output] else {
                return omit(model.name, "it has no price for \(own[.input] == nil ? "input" : "output")")
            }
            rates.append((place, Rates(input: input, output: output, others: own)))
        }
        list.omissions += model.omissions
        list.prices += rates.map { place, rates in
            ListedPrice(
                model: model.name, tier: place.tier, aboveTokens: place.aboveTokens, rates: rates,
                roundings: model.roundings[place] ?? [])
        }
    }

    private mutating func omit(_ model: String, _ reason: String) {
        list.omissions.append(.init(model: model, reason: reason))
    }

    private static func isBefore(_ left: Place, _ right: Place) -> Bool {
        (left.tier ?? "", left.aboveTokens ?? 0) < (right.tier ?? "", right.aboveTokens ?? 0)
    }
}
