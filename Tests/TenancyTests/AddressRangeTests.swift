import Tenancy
import Testing

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("10.1.2.3/8", "10.9.9.9", true), ("192.0.2.128/25", "192.0.2.127", false),
        ("192.0.2.128/25", "192.0.2.255", true), ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("::1", "::1", true), ("fe80::/10", "fe80::1%eth0", true), ("127.0.0.0/8", "::ffff:127.0.0.1", true),
        ("::ffff:10.0.0.0/104", "10.2.3.4", true), ("10.0.0.0/8", "", false), ("10.0.0.0/8", "localhost", false),
    ])
    func `a range contains its addresses only`(range: String, address: String, isInside: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129", "10.0.0.0/8/8",
        "::ffff:10.0.0.0/8", "localhost", "10.0.0.0/08x", "10.0.0.1\u{0}x", "::1\u{0}/128",
    ])
    func `text that is no range is refused`(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func `behind trusted proxies the client is the right-most hop that is not theirs`() throws {
        let proxies = try ["10.0.0.0/8", "::1"].map { try #require(AddressRange($0)) }
        let hops = ["1.1.1.1", "2.2.2.2 ,\t10.0.0.7"]
        #expect(proxies.client(behind: "10.0.0.1", forwarded: hops) == "2.2.2.2")
        #expect(proxies.client(behind: "9.9.9.9", forwarded: hops) == "9.9.9.9")
        #expect(proxies.client(behind: "10.0.0.1", forwarded: []) == "10.0.0.1")
        #expect(proxies.client(behind: nil, forwarded: hops) == nil)
        #expect([AddressRange]().client(behind: "10.0.0.1", forwarded: hops) == "10.0.0.1")
        #expect(proxies.client(behind: "10.0.0.1", forwarded: ["10.0.0.1,\u{301} 3.3.3.3"]) == "\u{301} 3.3.3.3")
    }

    @Test func `a block is one IPv4 address or one IPv6 network`() {
        #expect(AddressRange.block(of: "10.0.0.1") != AddressRange.block(of: "10.0.0.2"))
        #expect(AddressRange.block(of: "2001:db8::1") == AddressRange.block(of: "2001:db8::ffff:0:0:2"))
        #expect(AddressRange.block(of: "2001:db8::1") != AddressRange.block(of: "2001:db8:0:1::1"))
        #expect(AddressRange.block(of: "::ffff:10.0.0.1") == AddressRange.block(of: "10.0.0.1"))
        #expect(AddressRange.block(of: "somewhere") == "somewhere")
    }
}
