import Billing
import Hummingbird
import Tenancy

/// Changes of budgets, whoever asks for them and however they are answered. Call them in the change's turn.
extension ControlPlane {
    /// Stores a new budget after `also`, in one transaction.
    func insert(
        _ budget: Budget,
        _ context: AdminContext,
        answer: Answer,
        also: @escaping @Sendable (TenancyStore.Transaction) throws -> Void = { _ in }
    ) async throws -> Response {
        let audit = audit(context, "budget.create", budget.id.text, after: budget.json)
        let ledger = ledger
        return try await commit(context, audit: audit, answer: answer) { db in
            try also(db)
            return try ledger.insert(budget, db)
        } committed: { opening in
            ledger.committed(opening)
        }
    }

    /// Who changes a budget that was made for spend alerts has made it a budget of its own: it stays without them.
    func update(_ budget: Budget, before: Budget, _ context: AdminContext, answer: Answer) async throws -> Response {
        let audit = audit(context, "budget.update", budget.id.text, before: before.json, after: budget.json)
        let ledger = ledger
        return try await commit(context, audit: audit, answer: answer) { db in
            if budget != before { try SpendAlertStore.leaveBudget(budget.id, db) }
            return try ledger.update(budget, db)
        } committed: { opening in
            ledger.committed(opening)
        }
    }

    func delete(_ budget: Budget, _ context: AdminContext, answer: Answer) async throws -> Response {
        let audit = audit(context, "budget.delete", budget.id.text, before: budget.json)
        let ledger = ledger
        return try await commit(context, audit: audit, answer: answer) { db in
            try BillingStore.deleteBudget(budget.id, db)
        } committed: {
            ledger.removed(budget.id)
        }
    }
}
