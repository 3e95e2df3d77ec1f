import Foundation
import Proxy

/// A state file made from another gateway's configuration.
struct ImportedState: Sendable {
    let pools: [ImportedPool]
    let models: [ImportedModel]
    let tenants: [ImportedTenant]
    /// When the prices begin, RFC 3339.
    let effectiveFrom: String

    /// What a model may answer at most where nothing says so, in tokens.
    private static let standardOutput: Int64 = 4096

    /// The file's text; what it had to leave out goes to the notes.
    func text(notes: inout ImportNotes) -> String {
        var lines = ["# State file for `tollgate apply`, made by `tollgate import litellm`; read it before."]
        lines += section("pools", pools.flatMap { pool in self.lines(of: pool) })
        lines += section("models", models.flatMap { model in self.lines(of: model) })
        lines += section("prices", models.flatMap { self.lines(ofPricesOf: $0, notes: &notes) })
        lines += section("tenants", tenants.flatMap { self.lines(of: $0, notes: &notes) })
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ name: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "\(name):"] + lines
    }

    private func lines(of pool: ImportedPool) -> [String] {
        var lines = ["  - name: \(YAMLText.scalar(pool.name))", "    policy: \(pool.policy)", "    backends:"]
        for backend in pool.backends {
            lines.append("      - name: \(YAMLText.scalar(backend.name))")
            lines.append("        kind: \(backend.kind.rawValue)")
            lines.append("        base_url: \(text(of: backend.baseURL))")
            if let key = backend.apiKey { lines.append("        api_key: \(text(of: key))") }
            if backend.weight != 1 { lines.append("        weight: \(backend.weight)") }
            if let rpm = backend.rpm { lines.append("        rpm: \(rpm)") }
            if let most = backend.maxConcurrency { lines.append("        max_concurrency: \(most)") }
            let limits = [("first_byte", backend.firstByte), ("total", backend.total)].compactMap { name, span in
                span.map { "\(name): \($0)" }
            }
            if !limits.isEmpty { lines.append("        timeouts: { \(limits.joined(separator: ", ")) }") }
        }
        return lines
    }

    private func text(of value: ImportedValue) -> String {
        switch value {
        case .literal(let text): YAMLText.quoted(text)
        case .variable(let name): "{ env: \(YAMLText.scalar(name)) }"
        }
    }

    private func lines(of model: ImportedModel) -> [String] {
        var lines = ["  - name: \(YAMLText.scalar(model.name))", "    targets:"]
        for target in model.targets {
            let upstream =
                target.upstreamModel == model.name ? "" : ", upstream_model: \(YAMLText.scalar(target.upstreamModel))"
            lines.append("      - { pool: \(YAMLText.scalar(target.pool))\(upstream) }")
        }
        if let most = model.maxOutputTokens {
            lines.append("    max_output_tokens: \(most)")
        } else {
            lines.append(
                "    max_output_tokens: \(Self.standardOutput)  # not in the configuration: say what the model can")
        }
        if let window = model.contextWindow { lines.append("    context_window: \(window)") }
        return lines
    }

    // MARK: Prices

    private func lines(ofPricesOf model: ImportedModel, notes: inout ImportNotes) -> [String] {
        guard let prices = model.prices else {
            notes.lose(
                "price of \(model.name)",
                "LiteLLM takes it from its own list; give one, or tenants with a hard budget are refused the model")
            return []
        }
        let units = prices.units.isEmpty ? [] : [perUnit(prices.units, of: model, notes: &notes)]
        var lines = prices.complete().flatMap { version, tokens in
            head(of: model, version) + [perMillion(tokens, of: model, notes: &notes)]
                + (version == LiteLLMPrices.Version() ? units : [])
        }
        if prices.tokens[LiteLLMPrices.Version()] == nil, !units.isEmpty {
            // Null says that tokens are free by intention.
            lines += head(of: model, LiteLLMPrices.Version()) + ["    per_million: null"] + units
        }
        return lines
    }

    private func head(of model: ImportedModel, _ version: LiteLLMPrices.Version) -> [String] {
        var lines = ["  - model: \(YAMLText.scalar(model.name))", "    effective_from: \(effectiveFrom)"]
        if !version.tier.isEmpty { lines.append("    tier: \(version.tier)") }
        if version.above > 0 { lines.append("    above_tokens: \(version.above)") }
        return lines
    }

    private func perMillion(
        _ prices: [String: Decimal], of model: ImportedModel, notes: inout ImportNotes
    ) -> String {
        "    per_million: "
            + amounts(prices, fractionDigits: 6, of: model, notes: &notes, written: ExactAmount.perMillion)
    }

    private func perUnit(_ prices: [String: Decimal], of model: ImportedModel, notes: inout ImportNotes) -> String {
        "    per_unit: "
            + amounts(prices, fractionDigits: 12, of: model, notes: &notes, written: ExactAmount.perUnit)
    }

    private func amounts(
        _ prices: [String: Decimal], fractionDigits: Int, of model: ImportedModel, notes: inout ImportNotes,
        written: (Decimal) -> (text: String, isRounded: Bool)
    ) -> String {
        let parts = prices.sorted { $0.key < $1.key }.map { meter, price in
            let (text, isRounded) = written(price)
            if isRounded {
                notes.lose(
                    "price of \(meter) of \(model.name)", "has more than \(fractionDigits) fraction digits; rounded up")
            }
            return "\(meter): \"\(text)\""
        }
        return "{ \(parts.joined(separator: ", ")) }"
    }

    // MARK: Tenants

    private func lines(of tenant: ImportedTenant, notes: inout ImportNotes) -> [String] {
        var lines = ["  # \(ImportName.cleaned(tenant.origin))", "  - name: \(YAMLText.scalar(tenant.name))"]
        let entitlements = entitlements(of: tenant)
        if entitlements.isEmpty {
            lines.append("    entitlements: []")
        } else {
            lines.append("    entitlements:")
            lines += entitlements.map { pool, models in
                let list = models.map { $0 == "*" ? "\"*\"" : YAMLText.scalar($0) }.joined(separator: ", ")
                return "      - { pool: \(YAMLText.scalar(pool)), models: [\(list)] }"
            }
        }
        if !tenant.limits.quotas.isEmpty {
            let quotas = tenant.limits.quotas.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
            lines.append("    quotas: { \(quotas) }")
        }
        let budgets = tenant.limits.budgets(of: models, owner: tenant.name, notes: &notes)
        if !budgets.isEmpty {
            lines.append("    budgets:")
            lines += budgets.map { budget in
                let model = budget.model.map { "model: \(YAMLText.scalar($0)), " } ?? ""
                let alerts = budget.mode == "soft" ? ", alerts_at: [1]" : ""
                return "      - { \(model)limit: \"\(budget.limit)\", window: \(budget.window), "
                    + "mode: \(budget.mode)\(alerts) }"
            }
        }
        return lines
    }

    /// By pool: all its models, or those of the tenant that have a target there.
    private func entitlements(of tenant: ImportedTenant) -> [(pool: String, models: [String])] {
        guard let allowed = tenant.models else { return pools.map { ($0.name, ["*"]) } }
        return pools.compactMap { pool in
            let names = models.filter { model in
                allowed.contains(model.name) && model.targets.contains { $0.pool == pool.name }
            }
            return names.isEmpty ? nil : (pool.name, names.map(\.name))
        }
    }
}
