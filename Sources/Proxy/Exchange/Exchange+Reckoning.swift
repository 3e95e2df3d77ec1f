import Billing
import Logging
import Tenancy

/// What the attempt at hand used and costs.
extension Exchange {
    /// No model writes more bytes a token on average.
    private static let textBytesOfToken: Int64 = 7

    /// The settlement of the attempt at hand.
    func settlement(for end: AttemptReckoning.End) -> Settlement? {
        guard let admission, let reservation = admission.reservation, let backend = lastBackend else { return nil }
        let scanner = scanned()
        let reported = scanner?.latest
        let sheet = sheet
        let units = UnitCount(kind: kind, characters: admission.ask.characters, images: scanner?.images ?? 0)
        let isWhole = end == .complete(status: answerStatus)
        let tellsOfAll = tellsOfAllChoices(reported, scanner, units, isWhole: isWhole)
        var reckoning = AttemptReckoning.reckon(
            end, reported: tellsOfAll ? settled(reported, units) : nil,
            counted: units.whole(sheet, isWhole: isWhole), onUnanswered: backend.definition.onUnanswered,
            estimate: { estimate(scanner, units, begun: tellsOfAll ? reported : nil) })
        reckoning.complete {
            // What the report counts has no price, so nothing of it begins the estimate.
            units.completed($0, reports: { scanner?.reports($0) == true }, sheet) {
                estimate(scanner, units, begun: nil)
            }
        }
        let tiers = tiers(reported, scanner)
        var settlement = Settlement(
            reservation: reservation, backendID: backend.definition.id.text, backendName: backend.definition.name,
            usage: reckoning.usage, provenance: reckoning.provenance, outcome: reckoning.outcome, status: answerStatus,
            endedAt: plane.time.now(), stream: admission.ask.stream)
        price(&settlement, sheet, tiers)
        if reckoning.chargesHold {
            // No usage says how it comes about, so it is what it would cost by the list too.
            settlement.cost = reservation.amount
            settlement.listCost = reservation.amount
        }
        settlement.upstreamCost = upstreamCost(reckoning, backend, tiers, reported)
        settlement.isEmergency = isEmergency
        traceAttempt(settlement)
        if let reported {
            distrust(reported, settlement)
            if reckoning.provenance == .reported, reckoning.outcome == .answered { learn(from: reported, scanner) }
        }
        return settlement
    }

    /// What a report settles by; counting tokens is free whatever is said of it, and an error brought nothing.
    private func settled(_ reported: UsageReading?, _ units: UnitCount) -> TokenUsage? {
        guard let reported, !reported.isPreliminary else { return nil }
        if kind == .countTokens { return .zero }
        return answerStatus < 400 ? units.added(to: reported.usage) : reported.usage
    }

    /// Of several choices llama.cpp counts one, and vLLM one at a time while it streams. What was seen then counts as
    /// if nothing had been reported. One that ended counts a token at least, so none at all is a report of its own.
    private func tellsOfAllChoices(
        _ reported: UsageReading?, _ scanner: UsageScanner?, _ units: UnitCount, isWhole: Bool
    ) -> Bool {
        guard let reported, let ask = admission?.ask, ask.choices > 1, ask.kind.hasStreamOptions, answerStatus < 400
        else { return true }
        let output = reported.usage.outputTotal
        guard isWhole else { return estimate(scanner, units, begun: nil).outputTotal <= output }
        return output == 0 || textBytes(scanner) <= output.clampedProduct(Self.textBytesOfToken)
    }

    private var sheet: PriceSheet? { admission?.sheet }

    private var bound: UsageBound { admission?.estimate.bound ?? UsageBound(requests: 0) }

    private func price(_ settlement: inout Settlement, _ sheet: PriceSheet?, _ tiers: [String]) {
        guard let sheet else { return }
        settlement.usage = counted(settlement.usage, settlement.outcome, sheet, tiers)
        let price = sheet.cost(settlement.usage, tiers: tiers, ppm: admission?.multiplierPPM ?? 1_000_000)
        settlement.cost = price.cost
        settlement.listCost = price.listCost
        settlement.priceVersion = price.version.id
    }

    /// An answered call counts as one where its price says so.
    private func counted(
        _ usage: TokenUsage, _ outcome: AttemptOutcome, _ sheet: PriceSheet, _ tiers: [String]
    ) -> TokenUsage {
        let isAnswered = outcome == .answered || outcome == .broken || outcome == .clientGone
        return isAnswered && kind != .countTokens ? sheet.countingRequest(usage, tiers: tiers) : usage
    }

    /// What the backend's provider charges for what was used; nil when nobody knows. Its own word counts only where no
    /// price says it.
    private func upstreamCost(
        _ reckoning: AttemptReckoning, _ backend: Backend, _ tiers: [String], _ reported: UsageReading?
    ) -> Money? {
        guard reckoning.provenance != .none, let admission else { return nil }
        let sheet = plane.prices.upstreamSheet(
            model: admission.ask.model, backendID: backend.definition.id.text,
            at: admission.reservation?.admittedAt ?? admission.admittedAt)
        guard let sheet else { return reported?.providerCost }
        let usage = counted(reckoning.usage, reckoning.outcome, sheet, tiers)
        return sheet.cost(usage, tiers: tiers, ppm: 1_000_000).cost
    }

    /// What the answer says it was made at. Of what was asked for, only an image's quality and size count: a service
    /// tier may be asked for and not given.
    private func tiers(_ reported: UsageReading?, _ scanner: UsageScanner?) -> [String] {
        let said = reported?.tiers ?? scanner?.tiers ?? []
        return said.isEmpty && kind == .images ? admission?.ask.priceTiers ?? [] : said
    }

    /// What the answer said of itself, read once it is over.
    private func scanned() -> UsageScanner? {
        switch answer {
        case .events(let relay): return relay.scanner
        case .body(let relay): return (reading ?? relay.reading()).scanner
        case .whole(_, let body), .odd(let body):
            _ = fault(of: body)
            return reading?.scanner
        case .none, .useless: return nil
        }
    }

    // MARK: Without a report

    /// What was used as far as it could be seen, never more than the bound.
    private func estimate(_ scanner: UsageScanner?, _ units: UnitCount, begun: UsageReading?) -> TokenUsage {
        let bound = bound
        switch kind {
        // Neither text nor the bytes of a picture tell what they cost: all that may have been used.
        case .images:
            return units.added(
                to: TokenUsage(input: bound.inputTokens, output: bound.outputTokens, image: bound.images))
        case .speech:
            return units.added(
                to: TokenUsage(input: bound.inputTokens, outputAudio: bound.outputTokens, second: bound.seconds))
        case .transcription:
            var usage = plane.estimator.estimate(subject, evidence(scanner), within: bound)
            usage.input = 0
            usage.inputAudio = bound.inputTokens
            return usage
        default:
            var usage = plane.estimator.estimate(subject, evidence(scanner), within: bound)
            usage.search = bound.searches
            return begun?.completed(by: usage) ?? usage
        }
    }

    private func learn(from reported: UsageReading, _ scanner: UsageScanner?) {
        guard !reported.anomaly, kind != .images, kind != .speech, admission?.ask.choices == 1 else { return }
        var seen = evidence(scanner)
        // The bytes of a picture say nothing of text, and not every backend tells which tokens it took.
        if let ask = admission?.ask, ask.parts > 0 { seen.requestBytes = 0 }
        plane.estimator.learn(subject, seen, usage: reported.usage)
    }

    private var subject: UsageEstimator.Subject {
        UsageEstimator.Subject(model: admission?.ask.model ?? "", kind: kind.place)
    }

    private func evidence(_ scanner: UsageScanner?) -> CallEvidence {
        var isStream = false
        if case .events = answer { isStream = true }
        let ask = admission?.ask
        return CallEvidence(
            requestBytes: Int64(ask?.bodyBytes ?? 0) - (ask?.audioBytes ?? 0), textBytes: textBytes(scanner),
            textEvents: isStream ? scanner?.texts ?? 0 : 0, audioBytes: ask?.audioBytes ?? 0)
    }

    /// What could not be read as JSON, because it is none or was cut, counts as text as it stands.
    private func textBytes(_ scanner: UsageScanner?) -> Int64 {
        switch answer {
        case .events: scanner?.textBytes ?? 0
        case .whole(_, let body) where fault(of: body) != .malformed: scanner?.textBytes ?? 0
        case .whole, .body, .odd: answerBytes
        case .none, .useless: 0
        }
    }

    // MARK: Reports at odds

    /// Counts and logs what a report says that cannot be: it was clamped, or priced by what is known.
    private func distrust(_ reported: UsageReading, _ settlement: Settlement) {
        let bound = bound
        if reported.anomaly { countAnomaly(.contradictory, settlement) }
        let usage = reported.usage
        if usage.inputTotal > bound.inputTokens || usage.outputTotal > bound.outputTokens, kind != .countTokens {
            countAnomaly(.aboveBound, settlement)
        }
        if kind != .images, let tier = reported.tiers.first, sheet?.tiers.contains(tier) == false {
            countAnomaly(.unpricedTier, settlement)
        }
    }

    private func countAnomaly(_ reason: UsageAnomalyLabels.Reason, _ settlement: Settlement) {
        guard let backend = lastBackend?.definition else { return }
        plane.metrics.countAnomaly(pool: backend.pool, backend: backend.name, reason: reason)
        plane.logger.warning(
            "a backend reported usage that cannot be",
            metadata: [
                "request_id": "\(request.id)", "backend": "\(backend.name)", "reason": "\(reason.rawValue)",
                "model": "\(settlement.reservation.claim.model)", "input": "\(settlement.usage.inputTotal)",
                "output": "\(settlement.usage.outputTotal)",
            ])
    }
}

extension AskKind {
    /// Its number among all kinds.
    fileprivate var place: Int {
        switch self {
        case .chatCompletions: 0
        case .completions: 1
        case .embeddings: 2
        case .responses: 3
        case .moderations: 4
        case .rerank: 5
        case .messages: 6
        case .countTokens: 7
        case .images: 8
        case .speech: 9
        case .transcription: 10
        }
    }
}
