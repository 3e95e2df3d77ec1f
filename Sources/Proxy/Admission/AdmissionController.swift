import Billing
import Tenancy

/// Decides who may call what at which price, in a fixed order: suspended, entitled and priced, quotas; then money.
final class AdmissionController: Sendable {
    private let directory: Directory
    private let router: PoolRouter
    private let prices: PriceBook
    private let quotas: QuotaMeter
    private let ledger: Ledger

    init(directory: Directory, router: PoolRouter, prices: PriceBook, quotas: QuotaMeter, ledger: Ledger) {
        self.directory = directory
        self.router = router
        self.prices = prices
        self.quotas = quotas
        self.ledger = ledger
    }

    /// Everything up to the quotas; the money is held per target by `reserve`.
    func open(
        _ principal: Principal, ask: Ask, requestID: RequestID, at instant: Timestamp
    ) -> Result<Admission, Denial> {
        let tenant = principal.tenant.tenant
        if tenant.suspended { return .failure(.tenantSuspended) }
        guard let routed = router.routed(ask.model) else { return .failure(.modelNotFound(ask.model)) }
        let model = routed.definition
        let targets = Self.entitledTargets(of: model, for: principal)
        guard !targets.isEmpty else { return .failure(.modelNotFound(ask.model)) }
        guard routed.serves(ask.kind.backendKind, in: targets) else {
            return .failure(.notServed(ask.model, by: ask.kind))
        }
        let capped = targets.contains { target in
            ledger.isCapped(
                tenantID: tenant.id, keyID: principal.key.key.id, model: ask.model, pool: target.pool)
        }
        let sheet: PriceSheet?
        switch price(ask, for: tenant.id, at: instant, isCapped: capped) {
        case .success(let priced): sheet = priced
        case .failure(let denial): return .failure(denial)
        }
        let estimate: CostEstimate
        switch CostEstimate.make(ask, model: model, sheet: sheet, mustBound: capped) {
        case .success(let bound): estimate = bound
        case .failure(let denial): return .failure(denial)
        }
        switch quotas.take(principal, tokens: estimate.totalTokens, at: instant) {
        case .failure(let denial):
            return .failure(.quota(denial))
        case .success(let lease):
            return .success(
                Admission(
                    principal: principal, ask: ask, requestID: requestID, admittedAt: instant, targets: targets,
                    sheet: sheet, estimate: estimate, quota: lease))
        }
    }

    /// What the call may cost: nil when the model has no price, or none that this route can be charged by.
    private func price(
        _ ask: Ask, for tenantID: ID<Tenant>, at instant: Timestamp, isCapped: Bool
    ) -> Result<PriceSheet?, Denial> {
        var sheet = prices.sheet(model: ask.model, tenantID: tenantID, at: instant)
        // Counting tokens is free, so it needs no price.
        if ask.kind != .countTokens {
            if let found = sheet, !found.charges(anyOf: ask.kind.chargedMeters) { sheet = nil }
            if sheet == nil, isCapped { return .failure(.modelNotPriced(ask.model)) }
        }
        guard let tier = ask.serviceTier, sheet?.tiers.contains(tier) != true else { return .success(sheet) }
        return .failure(
            .badRequest(
                code: "unsupported_parameter", param: AskMember.serviceTier.rawValue,
                message: "The service tier '\(tier.prefix(64))' has no price at this model."))
    }

    /// Judges again a request that left a queue: key, suspension and entitlement may have changed while it waited.
    /// Says which of its targets it may no longer use; never all of them.
    func judgeAgain(_ admission: Admission, at instant: Timestamp) -> Result<Set<Int>, Denial> {
        switch directory.current(admission.principal, at: instant) {
        case .refused: return .failure(.invalidKey)
        case .suspended: return .failure(.tenantSuspended)
        case .good(let principal):
            let model = router.model(admission.ask.model)
            let pools = Set(model.map { Self.entitledTargets(of: $0, for: principal).map(\.pool) } ?? [])
            let withdrawn = admission.targets.indices.filter { !pools.contains(admission.targets[$0].pool) }
            if withdrawn.count == admission.targets.count { return .failure(.modelNotFound(admission.ask.model)) }
            return .success(Set(withdrawn))
        }
    }

    /// Whether another price holds at the instant that a call is admitted at than when it began to wait.
    func isRepriced(_ admission: Admission, at instant: Timestamp) -> Bool {
        guard let sheet = admission.sheet, instant > admission.admittedAt else { return false }
        let tenantID = admission.principal.tenant.tenant.id
        return prices.sheet(model: admission.ask.model, tenantID: tenantID, at: instant)?.isSame(as: sheet) != true
    }

    /// The model's targets in pools the principal may use, in order.
    static func entitledTargets(of model: ModelDefinition, for principal: Principal) -> [Admission.Target] {
        guard principal.key.key.covers(model: model.name) else { return [] }
        return model.targets.compactMap { target in
            guard principal.tenant.isEntitled(pool: target.pool, model: model.name) else { return nil }
            return Admission.Target(
                pool: target.pool, upstreamModel: target.upstreamModel ?? model.name,
                maxTokensParameter: target.maxTokensParam)
        }
    }
}
