import Testing

@testable import Tollgate

/// Usage and costs as people read them.
@Suite struct UsageTableTests {
    private func spans() throws -> [JSONValue] {
        let text = """
            [{"start":"2026-11-01T00:00:00Z","results":[]},
            {"start":"2026-11-02T00:00:00Z","results":[
            {"tenant":"ten_1","tenant_name":"acme\\u001b[2J","requests":12,"tokens":{"input":1000,"output":5},
            "cost":"10.5"},
            {"tenant":"ten_2","tenant_name":null,"requests":3,"tokens":{"input":7,"output":0,"image":2},
            "cost":"0.000000000007"}]}]
            """
        return try #require(JSONValue(bytes: Array(text.utf8))).items
    }

    @Test func `columns have their units, points stand below each other, and totals are exact`() throws {
        let text = UsageTable(try spans(), groups: ["tenant"], showsMeters: true).text
        #expect(
            text == """
                START       TENANT    REQUESTS  INPUT TOKENS  OUTPUT TOKENS  IMAGES         COST USD
                2026-11-02  acme [2J        12          1000              5       0  10.5
                2026-11-02  ten_2            3             7              0       2   0.000000000007
                TOTAL                       15          1007              5       2  10.500000000007
                """, "\(text)")
    }

    @Test func `by meter no requests are summed, because one counts for each meter it used`() throws {
        let text = UsageTable(try spans(), groups: ["meter"], showsMeters: false).text
        let total = try #require(text.split(separator: "\n").last)
        #expect(total.split(separator: " ") == ["TOTAL", "-", "10.500000000007"], "\(text)")
    }

    @Test func `costs leave the counts out, and an empty answer has a total`() throws {
        #expect(
            UsageTable([], groups: [], showsMeters: false).text == """
                START  REQUESTS  COST USD
                TOTAL         0         0
                """)
        let text = UsageTable(try spans(), groups: ["tenant"], showsMeters: false).text
        #expect(!text.contains("TOKENS") && text.contains("COST USD"))
    }

    @Test func `a narrow terminal shows what it cost, and says what it leaves out`() throws {
        for (width, left) in [(95, nil), (80, "IMAGES"), (64, "OUTPUT TOKENS, IMAGES")] as [(Int, String?)] {
            let table = UsageTable(try spans(), groups: ["tenant"], showsMeters: true, width: width).fitted
            let lines = table.text.split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= width } && lines[0].contains("COST USD"), "\(table.text)")
            #expect(lines.last?.contains("10.500000000007") == true)
            #expect(table.note?.split(separator: "\n").joined(separator: " ").hasSuffix(left ?? "") ?? (left == nil))
        }
        let least = UsageTable(try spans(), groups: ["tenant"], showsMeters: true, width: 20).text
        #expect(least.contains("REQUESTS") && least.contains("COST USD") && !least.contains("TOKENS"))
    }

    @Test func `a span cut by the end of a page is one again`() throws {
        func span(_ start: String, _ results: String...) -> JSONValue {
            .object(["start": .string(start), "results": .array(results.map { .string($0) })])
        }
        #expect(
            UsageSpans.joined([span("1", "a"), span("1", "b", "c"), span("2"), span("3", "d")])
                == [span("1", "a", "b", "c"), span("2"), span("3", "d")])
    }

    @Test func `the question names only what was asked for, and tenants by their id`() throws {
        let client = AdminClient { _, path, _ in
            #expect(path.hasPrefix("/tenants?"))
            let body = #"{"data":[{"id":"ten_7","name":"acme","archived_at":null}],"has_more":false,"next":null}"#
            return AdminAnswer(status: 200, body: Array(body.utf8))
        }
        let command = try #require(
            try Tollgate.command(for: [
                "usage", "--tenant", "acme", "--group-by", "model,tag:a&b", "--start", "2026-11-01", "--bucket",
                "month",
            ]) as? Usage)
        #expect(
            try command.scope.path(of: "usage", client)
                == "/usage?start=2026-11-01&bucket=month&group_by=model%2Ctag%3Aa%26b&tenant_id=ten_7")
        #expect(command.scope.groups == ["model", "tag:a&b"])
    }
}
