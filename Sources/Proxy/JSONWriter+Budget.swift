import Billing
import Tenancy

extension JSONWriter {
    /// The figures of a budget as refusals and balances show them.
    mutating func budget(_ state: BudgetState, withMode: Bool = false) {
        object { json in
            json.key("id")
            json.string(state.budget.id.text)
            json.key("scope")
            json.object { json in
                if let key = state.budget.keyID {
                    json.key("key")
                    json.string(key.text)
                }
                if let model = state.budget.model {
                    json.key("model")
                    json.string(model)
                }
                if let pool = state.budget.pool {
                    json.key("pool")
                    json.string(pool)
                }
            }
            json.key("window")
            json.string(state.budget.window.rawValue)
            if withMode {
                json.key("mode")
                json.string(state.budget.mode.rawValue)
            }
            json.key("limit")
            json.string(state.limit.decimal)
            json.key("posted")
            json.string(state.posted.decimal)
            json.key("held")
            json.string(state.held.decimal)
            json.key("remaining")
            json.string(state.remaining.decimal)
            json.key("window_start")
            json.string(state.windowStart?.rfc3339)
            json.key("resets_at")
            json.string(state.resetsAt?.rfc3339)
        }
    }
}
