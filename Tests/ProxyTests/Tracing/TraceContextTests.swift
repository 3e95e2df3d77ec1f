import Testing

@testable import Proxy

@Suite("traceparent")
struct TraceContextTests {
    private let trace = "0af7651916cd43dd8448eb211c80319c"
    private let span = "b7ad6b7169203331"

    @Test func `the standard's own example is read and written`() throws {
        let text = "00-\(trace)-\(span)-01"
        let context = try #require(TraceContext(text))
        #expect(context.traceHigh == 0x0af7_6519_16cd_43dd)
        #expect(context.traceLow == 0x8448_eb21_1c80_319c)
        #expect(context.spanID == 0xb7ad_6b71_6920_3331)
        #expect(context.isSampled)
        #expect(context.text == text)
    }

    @Test func `small numbers keep their zeros`() {
        let context = TraceContext(traceHigh: 0, traceLow: 1, spanID: 2, isSampled: false)
        #expect(context.text == "00-00000000000000000000000000000001-0000000000000002-00")
        #expect(TraceContext(context.text) == context)
    }

    @Test(arguments: [("00", false), ("01", true), ("02", false), ("03", true), ("ff", true)])
    func `only the lowest flag says that a trace is recorded`(flags: String, isSampled: Bool) {
        #expect(TraceContext("00-\(trace)-\(span)-\(flags)")?.isSampled == isSampled)
    }

    @Test func `a later version may say more`() {
        #expect(TraceContext("cc-\(trace)-\(span)-01") != nil)
        #expect(TraceContext("cc-\(trace)-\(span)-01-what-comes") != nil)
        #expect(TraceContext("cc-\(trace)-\(span)-01.what-comes") == nil)
    }

    @Test func `what the standard calls invalid is nothing`() {
        let zeros = String(repeating: "0", count: 32)
        for text in [
            "", "00", "ff-\(trace)-\(span)-01", "00-\(trace)-\(span)-01-more", "00-\(trace)-\(span)-0",
            "00-\(zeros)-\(span)-01", "00-\(trace)-\(zeros.prefix(16))-01", "00-\(trace.uppercased())-\(span)-01",
            "00_\(trace)-\(span)-01", "00-\(trace)x\(span)-01", "0x-\(trace)-\(span)-01", " 0-\(trace)-\(span)-01",
            "00-\(trace)-\(span)-0g", "00-\(trace.dropLast())é-\(span)-01",
        ] {
            #expect(TraceContext(text) == nil, "\(text)")
        }
    }
}
