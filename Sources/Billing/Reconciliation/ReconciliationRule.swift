/// Sets captured against billed amounts, by UTC day and model.
enum ReconciliationRule {
    private struct Place: Hashable {
        let day: String
        /// As `key` writes it; empty for all models.
        let model: String
    }

    /// Every day and model that either side knows, in order. A bill that tells no models on a day is set against all
    /// models of that day; where it tells some, what has no model (a search, a tool) is a line of its own.
    static func lines(_ billed: [BilledAmount], _ captured: [CapturedUse]) -> [ReconciliationLine] {
        let wholeDays = Set(billed.filter { $0.model == nil }.map(\.day))
            .subtracting(billed.filter { $0.model != nil }.map(\.day))
        func place(_ day: String, _ model: String?) -> Place {
            Place(day: day, model: wholeDays.contains(day) ? "" : key(model ?? ""))
        }
        var amounts: [Place: Money] = [:]
        var uses: [Place: CapturedUse] = [:]
        for bill in billed { amounts[place(bill.day, bill.model), default: .zero] += bill.amount }
        for use in captured {
            let place = place(use.day, use.model)
            var sum = uses[place] ?? CapturedUse(day: use.day, model: place.model)
            sum.add(use)
            uses[place] = sum
        }
        // A table has lines of nothing for what was free or not of a model at all.
        let named = amounts.filter { !$0.key.model.isEmpty || wholeDays.contains($0.key.day) || $0.value != .zero }
        return Set(named.keys).union(uses.keys).sorted { ($0.day, $0.model) < ($1.day, $1.model) }.map { place in
            let use = uses[place] ?? CapturedUse(day: place.day, model: place.model)
            let bill = amounts[place] ?? .zero
            return ReconciliationLine(
                day: place.day, model: place.model.isEmpty ? nil : place.model, captured: use.cost,
                billed: bill, ratio: ratio(use.cost, bill),
                cause: place.model.isEmpty && !wholeDays.contains(place.day) ? .noModel : cause(use, billed: bill),
                calls: use.calls)
        }
    }

    /// One spelling of a model's name: small letters, no provider before a slash, no date and no `latest` at the end.
    static func key(_ name: String) -> String {
        var text = Substring(name.lowercased().split(separator: "/").last ?? "")
        text = Substring(text.trimming(" ").split(whereSeparator: { " _".contains($0) }).joined(separator: "-"))
        if text.hasSuffix("-latest") { text = text.dropLast("-latest".count) }
        for length in [10, 8] {
            let tail = text.suffix(length)
            let digits = tail.filter(\.isNumber).count
            guard text.dropLast(length).hasSuffix("-"), tail.count == length, digits == 8,
                tail.allSatisfy({ $0.isNumber || $0 == "-" })
            else { continue }
            return String(text.dropLast(length + 1))
        }
        return String(text)
    }

    /// Four digits, the last one cut.
    private static func ratio(_ captured: Money, _ billed: Money) -> String? {
        guard billed > .zero else { return nil }
        let (product, overflow) = captured.pico.multipliedReportingOverflow(by: 10_000)
        if overflow { return nil }
        let value = product / billed.pico
        let fraction = String(value.magnitude % 10_000)
        let zeros = String(repeating: "0", count: 4 - fraction.count)
        return (value < 0 ? "-" : "") + String(value.magnitude / 10_000) + "." + zeros + fraction
    }

    private static func cause(_ use: CapturedUse, billed: Money) -> ReconciliationLine.Cause {
        let difference = (use.cost - billed).pico.magnitude
        let (scaled, overflow) = difference.multipliedReportingOverflow(by: 200)
        if !overflow, scaled <= billed.pico.magnitude { return .agrees }
        if use.cost < billed {
            if use.unpriced > 0 { return .noUpstreamPrice }
            if use.calls == 0, use.unanswered == 0 { return .offGateway }
            if use.unanswered > 0 { return .unanswered }
            if use.cacheTokens > 0 { return .cacheTokens }
            return use.estimated > 0 ? .estimatedUsage : .offGateway
        }
        if billed == .zero { return .notBilled }
        if use.cacheTokens > 0 { return .cacheTokens }
        return use.estimated > 0 ? .estimatedUsage : .priceVersion
    }
}

extension StringProtocol {
    fileprivate func trimming(_ characters: String) -> SubSequence {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text = text.dropFirst() }
        while let last = text.last, characters.contains(last) { text = text.dropLast() }
        return text
    }
}
