import Testing

@testable import Proxy

@Suite struct BackendAddressTests {
    @Test(
        "an address is taken apart and its origin is canonical",
        arguments: [
            ("http://127.0.0.1:9001/v1", "http://127.0.0.1:9001", "/v1"),
            ("HTTPS://API.Example.com/v1/", "https://api.example.com:443", "/v1"),
            ("http://localhost", "http://localhost:80", ""),
            ("https://[::1]:8443/", "https://[::1]:8443", ""),
        ])
    func parts(text: String, origin: String, path: String) {
        let address = BackendAddress(text)
        #expect(address?.origin == origin)
        #expect(address?.path == path)
    }

    @Test(
        "anything that could send a credential elsewhere is refused",
        arguments: [
            "", "http://", "http:///v1", "ftp://a/v1", "file:///etc/passwd", "//a/v1", "a.example/v1",
            "http://u:p@a/v1",
            "http://a/v1?x=1", "http://a/v1#x", "http://a:0/", "http://a:65536/", "http://a:+1/", "http://a:/",
            "http://a b/",
            "http://a\n/", "http://[::1/", "http://[]/", "http://[::1]x/", "http://é/", "http://a\\b/", "http://a:1:2/",
            "http://[::::]/", "http://[:]/", "http://[1.2]/", "http://[1.2.3.4]/", "http://[::1::2]/",
        ])
    func refused(text: String) {
        #expect(BackendAddress(text) == nil)
    }
}
