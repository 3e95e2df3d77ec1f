import NIOCore
import Testing

@testable import Proxy

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct ListenSourceTests {
    @Test func `accepting pauses only while descriptors or memory are short`() {
        for code in [EMFILE, ENFILE, ENOBUFS, ENOMEM] {
            #expect(ListenSource.pause(after: IOError(errnoCode: code, reason: "accept")) == .milliseconds(100))
        }
        #expect(ListenSource.pause(after: IOError(errnoCode: ECONNABORTED, reason: "accept")) == nil)
    }
}
