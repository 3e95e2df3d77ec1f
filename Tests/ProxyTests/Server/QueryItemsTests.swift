import Testing

@testable import Proxy

/// The query string of a request target.
struct QueryItemsTests {
    @Test
    func `names and values are decoded once`() {
        var items = QueryItems(target: "/v1/usage?start=2026-11-01T00%3A00%3A00%2B01:00&a%20b=c=d&empty&x=%2525#y?z=1")
        #expect(items.take("start") == "2026-11-01T00:00:00+01:00")
        #expect(items.take("a b") == "c=d")
        #expect(items.take("empty") == "")
        #expect(items.take("x") == "%25")
        #expect(items.take("z") == nil)
        #expect(items.denial() == nil)
    }

    @Test(arguments: [("/v1/usage?a=1&b=2&a=3", "a"), ("/v1/usage?bucket=day&typo=1", "typo")])
    func `what is repeated or unknown is named`(target: String, name: String) {
        var items = QueryItems(target: target)
        _ = items.take("bucket")
        guard case .badRequest(_, let param, _) = items.denial() else {
            Issue.record("expected a denial")
            return
        }
        #expect(param == name)
    }

    @Test
    func `a mark that combines with a delimiter hides none`() {
        var items = QueryItems(target: "/v1/usage?\u{301}=1&\u{301}b=\u{301}#y")
        #expect(items.take("\u{301}") == "1")
        #expect(items.take("\u{301}b") == "\u{301}")
        #expect(items.denial() == nil)
        #expect(RequestTarget.path(of: "http://h/\u{301}?\u{301}") == "/\u{301}")
    }

    @Test(arguments: ["/v1/usage", "/v1/usage?", "/v1/usage?&&", ""])
    func `no query has no items`(target: String) {
        #expect(QueryItems(target: target).denial() == nil)
    }
}
