/// Which part of the models an Anthropic client asks for.
struct AnthropicModelPage: Equatable {
    /// Models at most.
    var limit = 20
    /// Only models that come after this id.
    var afterID: String?
    /// Only models that come before this id; the last of them.
    var beforeID: String?

    /// Reads `limit`, `after_id` and `before_id`; other parameters mean nothing here, but none may be there twice.
    /// Throws a denial that names the parameter at fault.
    init(target: String) throws(Denial) {
        var items = QueryItems(target: target)
        if let denial = items.repetition() { throw denial }
        if let text = items.take("limit") {
            guard let number = Int(text), 1...1000 ~= number else {
                throw .badParameter("limit", "must be a whole number between 1 and 1000")
            }
            limit = number
        }
        afterID = items.take("after_id")
        beforeID = items.take("before_id")
        if afterID != nil, beforeID != nil { throw .badParameter("before_id", "cannot be given with `after_id`") }
    }

    /// The page of models in the order of their ids, and whether there are more in the direction of reading.
    func cut(_ models: [ModelDefinition]) -> (page: [ModelDefinition], hasMore: Bool) {
        if let beforeID {
            let rest = models.filter { $0.name < beforeID }
            return (Array(rest.suffix(limit)), rest.count > limit)
        }
        let rest = models.filter { model in afterID.map { model.name > $0 } ?? true }
        return (Array(rest.prefix(limit)), rest.count > limit)
    }
}
