import Testing

@testable import Proxy

@Suite("CurlURLCache")
struct CurlURLCacheTests {
    @Test("the same text gives the same parsed URL, and the cache stays bounded")
    func reuseAndBound() {
        var cache = CurlURLCache(capacity: 4)
        let first = cache.url("http://127.0.0.1/a")
        #expect(first != nil)
        #expect(cache.url("http://127.0.0.1/a") === first)
        for index in 0..<100 {
            _ = cache.url("http://127.0.0.1/\(index)")
            #expect(cache.count <= 4)
        }
        #expect(cache.url("telnet://127.0.0.1/") == nil)
        #expect(cache.url("127.0.0.1/a") == nil)
    }

    @Test("equal headers share one list, others do not")
    func headerLists() {
        let url = CurlURL("http://127.0.0.1/")
        let first = url?.headerList([("A", "1"), ("B", "2")])
        #expect(first != nil)
        #expect(url?.headerList([("A", "1"), ("B", "2")]) === first)
        #expect(url?.headerList([("A", "1"), ("B", "3")]) !== first)
        #expect(url?.headerList([("A", "1")]) !== first)
    }
}
