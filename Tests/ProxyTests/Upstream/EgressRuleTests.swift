import Glibc
import Testing

@testable import Proxy

@Suite("EgressRule")
struct EgressRuleTests {
    private func refusal(of text: String, allowsLinkLocal: Bool = false) throws -> EgressRefusal? {
        let isSix = text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isSix ? 16 : 4)
        try #require(inet_pton(isSix ? AF_INET6 : AF_INET, text, &bytes) == 1)
        return bytes.withUnsafeBytes { EgressRule(allowsLinkLocal: allowsLinkLocal).refusal(of: $0) }
    }

    @Test(
        "link-local addresses and metadata services are refused in every dress, unless allowed",
        arguments: [
            ("169.254.0.0", .linkLocal), ("169.254.169.254", .linkLocal), ("169.254.255.255", .linkLocal),
            ("100.100.100.200", .metadata), ("168.63.129.16", .metadata),
            ("fe80::1", .linkLocal), ("febf:ffff::1", .linkLocal),
            ("fd00:ec2::254", .metadata), ("fd20:ce::254", .metadata), ("fd00:c1::a9fe:a9fe", .metadata),
            ("::ffff:169.254.169.254", .linkLocal), ("::ffff:100.100.100.200", .metadata),
            ("::169.254.169.254", .linkLocal), ("64:ff9b::169.254.169.254", .linkLocal),
            ("2002:a9fe:a9fe::1", .linkLocal), ("2002:6464:64c8::", .metadata),
        ] as [(String, EgressRefusal)])
    func opened(_ address: String, _ expected: EgressRefusal) throws {
        #expect(try refusal(of: address) == expected)
        #expect(try refusal(of: address, allowsLinkLocal: true) == nil)
    }

    @Test(
        "addresses that are nobody's are refused always",
        arguments: [
            ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified), ("0.255.255.255", .unspecified),
            ("224.0.0.1", .multicast), ("239.255.255.255", .multicast), ("255.255.255.255", .broadcast),
            ("::", .unspecified), ("ff02::1", .multicast), ("ffff::", .multicast),
            ("::ffff:0.0.0.0", .unspecified), ("::ffff:224.0.0.1", .multicast),
            ("::ffff:255.255.255.255", .broadcast), ("::0.0.0.2", .unspecified), ("2002:e000:1::", .multicast),
        ] as [(String, EgressRefusal)])
    func closed(_ address: String, _ expected: EgressRefusal) throws {
        #expect(try refusal(of: address) == expected)
        #expect(try refusal(of: address, allowsLinkLocal: true) == expected)
    }

    @Test(
        "loopback, private and public addresses are free, up to the very edge of a refused range",
        arguments: [
            "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8", "1.0.0.0",
            "169.253.255.255", "169.255.0.0", "100.100.100.199", "223.255.255.255", "240.0.0.1", "255.255.255.254",
            "::1", "fe7f:ffff::1", "fec0::1", "fd00::1", "fd00:ec2::253", "fd00:ec2:0:1::254", "2001:db8::1",
            "feff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::169.254.169.254",
            "2002:0a00:1::",
        ])
    func free(_ address: String) throws {
        #expect(try refusal(of: address) == nil)
    }

    @Test("an address of any other length is refused")
    func unknownKinds() {
        for count in [0, 1, 3, 5, 15, 17] {
            let bytes = [UInt8](repeating: 1, count: count)
            #expect(bytes.withUnsafeBytes { EgressRule(allowsLinkLocal: true).refusal(of: $0) } == .unknown)
        }
    }
}
