import Fuzzing

@testable import AdminAPI

/// The pages of a list, put together, are the list.
enum PageChecks {
    /// Lines are the ids of a list; none holds a NUL, nor may a query.
    static func run(_ input: FuzzInput) {
        var input = input
        let limit = Int(input.byte() % 7) + 1
        let cursor = input.line()
        let lines = Set(input.text.utf8.split { $0 == 0 || $0 == UInt8(ascii: "\n") }.prefix(64).map { Array($0) })
        let ids = lines.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
        let list = { (after: String?) in
            let request = PageRequest(limit: limit, after: after)
            let (shown, next) = page(request.cut(ids, cursor: \.self, json: { .string($0) }), "next")
            return (shown, next.map { PageRequest.cursor(told: $0) })
        }
        check(walk(from: nil, ids.count, list), ids)
        // From a cursor that need not be there: what lies behind it.
        let behind = ids.filter { cursor.utf8.lexicographicallyPrecedes($0.utf8) }
        check(walk(from: cursor, ids.count, list), behind)
        for isDescending in [false, true] { checkOrganization(ids, limit, isDescending) }
    }

    private static func checkOrganization(_ ids: [String], _ limit: Int, _ isDescending: Bool) {
        let ordered = isDescending ? ids.reversed() : ids
        let make = { (after: String?, before: String?) in
            var page = OrganizationPage(limit: limit)
            (page.after, page.before, page.isDescending) = (after, before, isDescending)
            return page.cut(ids, id: \.self, json: { .string($0) })
        }
        check(walk(from: nil, ids.count) { page(make($0, nil), "last_id") }, ordered)
        // Backwards from the last one.
        guard let last = ordered.last else { return }
        var pages: [[String]] = [[last]]
        var place: String? = last
        while let before = place, pages.count <= ids.count + 1 {
            let (shown, next) = page(make(nil, before), "first_id")
            pages.insert(shown, at: 0)
            place = next
        }
        check(pages.flatMap { $0 }, ordered)
    }

    /// What a page shows, and the cursor it gives if there is more.
    private static func page(_ answer: JSONValue, _ cursor: String) -> (shown: [String], next: String?) {
        guard case .array(let values)? = answer.member("data"), case .bool(let hasMore)? = answer.member("has_more")
        else { preconditionFailure("no page: \(answer.text)") }
        let shown = values.map { value in
            guard case .string(let text) = value else { preconditionFailure(answer.text) }
            return text
        }
        guard hasMore else { return (shown, nil) }
        guard case .string(let next)? = answer.member(cursor) else { preconditionFailure("no cursor: \(answer.text)") }
        return (shown, next)
    }

    private static func walk(
        from start: String?, _ count: Int, _ page: (String?) -> (shown: [String], next: String?)
    ) -> [String] {
        var (shown, next) = page(start)
        var pages = 1
        while let after = next {
            precondition(pages <= count, "the pages have no end")
            let more = page(after)
            shown += more.shown
            next = more.next
            pages += 1
        }
        return shown
    }

    private static func check(_ shown: [String], _ wanted: [String]) {
        precondition(shown.map { Array($0.utf8) } == wanted.map { Array($0.utf8) }, "\(shown), not \(wanted)")
    }
}
