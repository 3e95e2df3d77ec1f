import Tenancy
import Testing

@testable import Proxy

/// Pages of models as Anthropic's clients ask for them.
struct AnthropicModelPageTests {
    private let models = ["a", "b", "c", "d"].map {
        ModelDefinition(name: $0, targets: [], maxOutputTokens: 1, createdAt: Timestamp(microseconds: 0))
    }

    private func cut(_ query: String) throws -> String {
        let (page, hasMore) = try AnthropicModelPage(target: "/v1/models" + query).cut(models)
        return page.map(\.name).joined() + (hasMore ? "+" : "")
    }

    @Test
    func `limit, after_id and before_id choose the page`() throws {
        #expect(try cut("") == "abcd")
        #expect(try cut("?limit=3") == "abc+")
        #expect(try cut("?limit=2&after_id=b") == "cd")
        #expect(try cut("?limit=1&after_id=b") == "c+")
        #expect(try cut("?limit=2&before_id=d") == "bc+")
        #expect(try cut("?before_id=c") == "ab")
        #expect(try cut("?after_id=zz") == "")
        #expect(try cut("?beta=true") == "abcd")
    }

    @Test(arguments: [
        ("?limit=0", "limit"), ("?limit=1001", "limit"), ("?limit=x", "limit"),
        ("?after_id=a&before_id=b", "before_id"), ("?limit=1&limit=9", "limit"), ("?beta=true&beta=true", "beta"),
    ])
    func `a bad parameter is named`(query: String, name: String) {
        #expect { try cut(query) } throws: { error in
            if case .badRequest(_, let param, _)? = error as? Denial { param == name } else { false }
        }
    }
}
