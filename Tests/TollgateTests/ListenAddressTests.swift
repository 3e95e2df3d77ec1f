import Testing

@testable import Tollgate

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65_535),
    ])
    func `host and port are told apart`(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "::1:80", "a b:1",
        "[]:1", "[:1", "[[a]]:1", "[a:1", "a]:1", "a:\u{301}1",
    ])
    func `anything else is no address`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.9.1", true), ("::1", true), ("localhost", true), ("0.0.0.0", false),
        ("::", false), ("10.0.0.1", false), ("gateway.example", false),
    ])
    func `loopback is only what other machines cannot reach`(host: String, loopback: Bool) {
        #expect(ListenAddress(host: host, port: 1).isLoopback == loopback)
    }
}
