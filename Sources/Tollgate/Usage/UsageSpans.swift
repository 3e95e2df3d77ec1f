/// Spans of usage read page by page.
enum UsageSpans {
    /// Joins the parts of spans that were cut by the end of a page.
    static func joined(_ buckets: [JSONValue]) -> [JSONValue] {
        var whole: [JSONValue] = []
        for bucket in buckets {
            guard let last = whole.last, last["start"] == bucket["start"], case .object(var members) = last else {
                whole.append(bucket)
                continue
            }
            members["results"] = .array(last["results"].items + bucket["results"].items)
            whole[whole.count - 1] = .object(members)
        }
        return whole
    }
}
