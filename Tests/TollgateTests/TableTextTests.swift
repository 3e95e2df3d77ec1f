import Tenancy
import Testing

@testable import Tollgate

@Suite struct TableTextTests {
    private let now = Timestamp(microseconds: 1_795_000_000_000_000)

    private func values(_ texts: String...) -> [JSONValue] {
        texts.compactMap { JSONValue(bytes: Array($0.utf8)) }
    }

    private func list(
        _ entries: [JSONValue], _ columns: [String], width: Int? = nil
    ) -> (text: String, note: String?) {
        TableText(now: now, width: width).list(entries, columns: columns)
    }

    @Test func `a table measures each cell a few times, however many rows it has`() {
        for width in [nil, 60] {
            let measured = [2000, 20_000].map { count in
                let row = (1...7).map { "cell \($0)" }
                var calls = 0
                let table = TableText.rows(
                    Array(repeating: row, count: count), headings: row, numbers: [6], width: width
                ) { text in
                    calls += 1
                    return TextWidth.of(text)
                }
                #expect(table.text.utf8.count > count)
                return calls
            }
            #expect(measured[0] >= 2000 * 6 && measured[1] <= measured[0] * 10, "\(measured)")
        }
    }

    @Test func `objects in a list are told apart, what names them first`() {
        let text = TableText(now: now).entry(
            values(
                #"{"secrets":[{"public_id":"new","not_after":null},"#
                    + #"{"public_id":"old","not_after":"2026-11-18T11:06:40Z"}]}"#
            )[0], first: [])
        #expect(text.hasPrefix("secrets  public_id new; public_id old, not_after "), "\(text)")
        let price = TableText(now: now).entry(
            values(#"{"per_million":{"input_cache_read":"0.3","output":"2","input":"1.25"}}"#)[0], first: [])
        #expect(price == "per_million  input 1.25, output 2, input_cache_read 0.3")
    }

    @Test func `columns are aligned and hold no control characters`() {
        let entries = values(
            #"{"id":"a","name":"long one"}"#, #"{"id":"bbb","name":"\u001b[31m\u202e"}"#, #"{"id":"c","name":"名前"}"#)
        #expect(
            list(entries, ["id", "name", "x"]).text == """
                ID   NAME      X
                a    long one  -
                bbb   [31m     -
                c    名前      -
                """)
    }

    @Test func `numbers stand to the right and amounts by their point`() {
        let entries = values(
            #"{"id":"a","rpm":5,"limit":"10"}"#, #"{"id":"b","rpm":600,"limit":"2.375"}"#,
            #"{"id":"c","rpm":null,"limit":null}"#)
        #expect(
            list(entries, ["id", "rpm", "limit"]).text == """
                ID  RPM  LIMIT USD
                a     5     10
                b   600      2.375
                c     -      -
                """)
    }

    @Test func `times are relative in lists, and exact beside it for one entry`() {
        let entry = values(#"{"created_at":"2026-11-18T08:05:00Z","ends_at":null,"suspended":false}"#)[0]
        #expect(
            list([entry], ["created_at", "ends_at", "suspended"]).text == """
                CREATED  ENDS  SUSPENDED
                3 h ago  -     no
                """)
        #expect(
            TableText(now: now).entry(entry, first: ["created_at"]).hasPrefix(
                "created_at  3 h ago (2026-11-18T08:05:00Z)\n"))
    }

    @Test func `mappings and lists are read as words`() {
        let entry = values(
            #"{"targets":[{"pool":"fast","upstream_model":null},{"pool":"slow","upstream_model":"m-1"}],"#
                + #""queue":{"max":500,"timeout":"10s"},"models":["a","b"],"probe":null,"ok":true}"#)[0]
        #expect(
            TableText(now: now).entry(entry, first: ["targets"]) == """
                targets  fast, slow as m-1
                models   a, b
                ok       yes
                probe    -
                queue    max 500, timeout 10s
                """)
    }

    @Test func `one entry's amounts have their unit and stand by their point`() {
        let entry = values(#"{"limit":"25","posted":"3.5","held":"0","id":"x"}"#)[0]
        #expect(
            TableText(now: now).entry(entry, first: ["id", "no"]) == """
                id      x
                held     0 USD
                limit   25 USD
                posted   3.5 USD
                """)
    }

    @Test func `a narrow terminal cuts texts first, and leaves columns out only then`() {
        let entries = values(
            #"{"id":"0123456789","name":"a rather long name of a thing","base_url":"http://x","rpm":1}"#)
        let wide = list(entries, ["id", "name", "base_url", "rpm"], width: 80)
        #expect(wide.note == nil && !wide.text.contains("…"))
        let cut = list(entries, ["id", "name", "base_url", "rpm"], width: 44)
        #expect(cut.note == nil)
        #expect(cut.text.contains("0123456789  a rather long na…  http://x    1"))
        let narrow = list(entries, ["id", "name", "base_url", "rpm"], width: 30)
        #expect(narrow.note == "a wider terminal also shows:\nbase_url, rpm")
        for text in [cut.text, narrow.text] {
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 44 })
        }
        #expect(narrow.text.split(separator: "\n").allSatisfy { $0.count <= 30 })
    }

    @Test func `columns that hold nothing make room first, without a word`() {
        let entries = values(#"{"id":"0123456789","tier":null,"name":"a rather long name","kind":null}"#)
        let names = ["id", "tier", "name", "kind"]
        #expect(list(entries, names).text.contains("TIER"))
        let narrow = list(entries, names, width: 31)
        #expect(narrow.note == nil)
        #expect(narrow.text == "ID          NAME\n0123456789  a rather long name")
    }

    @Test func `an id is never cut`() {
        let entries = values(#"{"id":"0123456789012345678901234567890123456789"}"#)
        #expect(list(entries, ["id"], width: 20).text.contains("0123456789012345678901234567890123456789"))
    }

    @Test func `long values of one entry are wrapped beside their name`() {
        let entry = values(#"{"timeouts":{"connect":"5s","idle":"120s","total":"600s"}}"#)[0]
        #expect(
            TableText(now: now, width: 36).entry(entry, first: []) == """
                timeouts  connect 5s, idle 120s,
                          total 600s
                """)
    }

    @Test(arguments: [
        (0, "now"), (-1, "1 s ago"), (-59, "59 s ago"), (-61, "1 min ago"), (-10_900, "3 h ago"), (-90_000, "1 d ago"),
        (90, "in 1 min"), (345_700, "in 4 d"), (8_640_001, "2027-02-26"),
    ])
    func `instants are said as people say them`(seconds: Int64, text: String) {
        #expect(RelativeTime.text(now.adding(milliseconds: seconds * 1000), now: now) == text)
    }

    @Test func `progress is a share of a bar`() {
        #expect(ProgressBar.text(3, of: 6) == "[###############---------------] 3/6")
        #expect(ProgressBar.text(0, of: 0).hasSuffix("] 0/0"))
    }
}
