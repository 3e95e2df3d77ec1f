import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import AdminAPI

@Suite struct QueryItemTests {
    private func items(_ query: String, isForm: Bool = false) -> [QueryItem] {
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/x?" + query)
        return QueryItem.all(of: Request(head: head, body: RequestBody(buffer: ByteBuffer())), isForm: isForm)
    }

    @Test func `names and values have their escapes resolved, once`() {
        let all = items("a=1&&%62=%25%34%31&c&d=e=f&g=1+2")
        #expect(all.map(\.name) == ["a", "b", "c", "d", "g"])
        #expect(all.map(\.value) == ["1", "%41", "", "e=f", "1+2"])
        #expect(all.allSatisfy { $0.fault == nil })
        #expect(items("g=1+2%2B", isForm: true).map(\.value) == ["1 2+"])
    }

    @Test func `a separator that wears a combining mark is one`() {
        let all = items("a=1&\u{301}b=\u{301}2")
        #expect(all.map(\.name) == ["a", "\u{301}b"])
        #expect(all.last?.value == "\u{301}2")
    }

    @Test(arguments: ["%zz", "%", "%4", "%ff", "%a9", "a%dcb", "%00"])
    func `an escape that is none, that is no UTF-8 or a NUL is a fault of its parameter`(odd: String) {
        #expect(items("a=\(odd)").map(\.fault?.pointer) == ["?a"])
        #expect(items("\(odd)=a").allSatisfy { $0.fault != nil })
    }
}
