import Proxy

/// Which part of a list is asked for.
struct PageRequest: Sendable, Equatable {
    /// Entries at most.
    let limit: Int
    /// The cursor of the page before.
    let after: String?

    /// The page of a list ordered by its cursors, given each entry's cursor.
    func cut<Element>(_ elements: [Element], cursor: (Element) -> String, json: (Element) -> JSONValue) -> JSONValue {
        var rest = elements[...]
        // By bytes, as the database orders; Swift's own order takes two spellings of a character for one.
        if let after { rest = rest.drop { !after.utf8.lexicographicallyPrecedes(cursor($0).utf8) } }
        return answer(Array(rest.prefix(limit + 1)), cursor: cursor, json: json)
    }

    /// The page made of up to `limit + 1` entries; one more than `limit` says that there is more.
    func answer<Element>(_ fetched: [Element], cursor: (Element) -> String, json: (Element) -> JSONValue) -> JSONValue {
        let page = fetched.prefix(limit)
        let hasMore = fetched.count > page.count
        return [
            "data": .array(page.map(json)),
            "has_more": .bool(hasMore),
            "next": hasMore ? .text(page.last.map { Self.told(cursor($0)) }) : nil,
        ]
    }

    /// A cursor as `next` tells it: only characters that every client writes into a query in one way. A name may hold a
    /// space, which forms write as `+`, and here a `+` is itself.
    private static func told(_ cursor: String) -> String { PercentCoding.encoded(cursor, keeping: "/:") }

    /// The cursor that was told so; a text with an odd escape was not, and stands for itself. So does one with the
    /// escape of a NUL, which no query may hold.
    static func cursor(told text: String) -> String {
        guard let cursor = PercentCoding.exact(text), !cursor.utf8.contains(0) else { return text }
        return cursor
    }
}
