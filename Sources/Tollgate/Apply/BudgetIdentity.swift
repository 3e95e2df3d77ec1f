/// What makes two budgets of a tenant the same one.
struct BudgetIdentity: Hashable, CustomStringConvertible {
    let key: String
    let model: String
    let pool: String
    let window: String
    let mode: String

    init(_ budget: JSONValue) {
        key = budget["key_id"].plain
        model = budget["model"].plain
        pool = budget["pool"].plain
        window = budget["window"].plain
        mode = budget["mode"].string ?? "hard"
    }

    var description: String {
        let scope = [("key", key), ("model", model), ("pool", pool)].filter { !$0.1.isEmpty }
        return (scope.map { "\($0.0) \($0.1)" } + [window, mode]).joined(separator: ", ")
    }
}
