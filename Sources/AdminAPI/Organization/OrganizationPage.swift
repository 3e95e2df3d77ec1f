/// Which part of a list is asked for, and the list in OpenAI's shape.
struct OrganizationPage: Sendable, Equatable {
    enum Order: String, CaseIterable {
        case asc
        case desc
    }

    /// Entries at most.
    let limit: Int
    /// The id of the last entry of the page before.
    var after: String?
    /// The id of the first entry of the page behind.
    var before: String?
    /// Whether the newest comes first.
    var isDescending = false

    init(limit: Int) {
        self.limit = limit
    }

    /// The page of a whole list in rising order of its ids.
    func cut<Element>(_ elements: [Element], id: (Element) -> String, json: (Element) -> JSONValue) -> JSONValue {
        var rest = (isDescending ? elements.reversed() : elements)[...]
        // By order and not by looking for the cursor: its entry may be gone by now.
        if let after { rest = rest.drop { !isAhead(after, of: id($0)) } }
        if let before {
            rest = rest.prefix { isAhead(id($0), of: before) }
            let page = rest.suffix(limit)
            return Self.answer(page.map { $0 }, hasMore: rest.count > page.count, id: id, json: json)
        }
        return answer(Array(rest.prefix(limit + 1)), id: id, json: json)
    }

    /// Whether an id comes before another in this order; by bytes, as the database orders.
    private func isAhead(_ id: String, of other: String) -> Bool {
        isDescending
            ? other.utf8.lexicographicallyPrecedes(id.utf8) : id.utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// The page made of up to `limit + 1` entries; one more than `limit` says that there is more.
    func answer<Element>(_ fetched: [Element], id: (Element) -> String, json: (Element) -> JSONValue) -> JSONValue {
        Self.answer(Array(fetched.prefix(limit)), hasMore: fetched.count > limit, id: id, json: json)
    }

    private static func answer<Element>(
        _ page: [Element],
        hasMore: Bool,
        id: (Element) -> String,
        json: (Element) -> JSONValue
    ) -> JSONValue {
        [
            "object": "list",
            "data": .array(page.map(json)),
            "first_id": .text(page.first.map(id)),
            "last_id": .text(page.last.map(id)),
            "has_more": .bool(hasMore),
        ]
    }
}
