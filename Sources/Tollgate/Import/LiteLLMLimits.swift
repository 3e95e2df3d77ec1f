import Billing
import Foundation

/// The limits that a team or a key of LiteLLM may have.
struct LiteLLMLimits: Sendable {
    /// A cap, or a line that only alerts.
    struct Budget: Sendable, Equatable {
        /// USD as a decimal text.
        var limit: String
        var window: String
        var mode: String
        /// Of one model, as LiteLLM calls it; nil: of all.
        var model: String?
    }

    private(set) var budgets: [Budget] = []
    /// By Tollgate's names, in its order.
    private(set) var quotas: [(name: String, value: Int64)] = []
    /// One of the limits is 0: no call gets through. Tollgate has no such quota.
    private(set) var allowsNothing = false

    private static let quotaAtMost: Int64 = 1_000_000_000_000

    /// Reads them.
    ///
    /// - Parameter owner: whose they are, for the notes.
    init(_ value: DocumentValue, owner: String, notes: inout ImportNotes) {
        let table = value["litellm_budget_table"] ?? .empty(at: value.place)
        let duration = (value["budget_duration"] ?? table["budget_duration"])?.text
        add(value["max_budget"] ?? table["max_budget"], duration, "hard", owner: owner, notes: &notes)
        add(value["soft_budget"] ?? table["soft_budget"], duration, "soft", owner: owner, notes: &notes)
        for entry in value["budget_limits"]?.items ?? [] {
            add(entry["max_budget"], entry["budget_duration"]?.text, "hard", owner: owner, notes: &notes)
        }
        for member in value["model_max_budget"]?.members ?? [] {
            let limit = member.value["budget_limit"] ?? member.value["max_budget"] ?? member.value
            let span = (member.value["time_period"] ?? member.value["budget_duration"])?.text
            add(limit, span, "hard", model: member.name, owner: owner, notes: &notes)
        }
        for (name, theirs) in [
            ("rpm", "rpm_limit"), ("tpm", "tpm_limit"), ("tpd", "tpd_limit"), ("concurrency", "max_parallel_requests"),
        ] {
            guard let text = (value[theirs] ?? table[theirs])?.text else { continue }
            if let number = LiteLLMFields.count(text, atMost: Self.quotaAtMost) {
                quotas.append((name, number))
            } else if ExactAmount.read(text) == 0 {
                allowsNothing = true
            } else {
                notes.lose("\(theirs) of \(owner)", "not a whole number that Tollgate takes")
            }
        }
    }

    /// The budgets with the names that models have here; those of models that are not here stay behind.
    func budgets(of models: [ImportedModel], owner: String, notes: inout ImportNotes) -> [Budget] {
        budgets.compactMap { budget in
            guard let origin = budget.model else { return budget }
            guard let model = models.first(where: { $0.origin == origin }) else {
                notes.lose("budget of \(owner) for \(origin)", "the model was not carried over")
                return nil
            }
            var named = budget
            named.model = model.name
            return named
        }
    }

    private mutating func add(
        _ value: DocumentValue?, _ duration: String?, _ mode: String, model: String? = nil, owner: String,
        notes: inout ImportNotes
    ) {
        guard let value else { return }
        guard let amount = value.text.flatMap(ExactAmount.read), amount <= 1_000_000_000_000 else {
            notes.lose("a budget of \(owner)", "not an amount that Tollgate takes")
            return
        }
        let window = LiteLLMWindow(duration)
        if !window.isExact {
            notes.lose(
                "the budget of \(owner) for \(duration ?? "")",
                "there is no such window; it got the next longer one with the same limit, which allows less")
        }
        let budget = Budget(
            limit: ExactAmount.rounded(amount, fractionDigits: 12).text, window: window.window.rawValue, mode: mode,
            model: model)
        let twin = budgets.firstIndex {
            $0.window == budget.window && $0.mode == budget.mode && $0.model == budget.model
        }
        guard let twin else { return budgets.append(budget) }
        notes.lose("a second \(mode) budget of \(owner) for one \(budget.window)", "the smaller was taken")
        if let present = PlainDecimal.read(budgets[twin].limit), amount < present { budgets[twin] = budget }
    }
}
