import Tenancy
import Testing

@testable import AdminAPI

@Suite struct AdminCredentialTests {
    private static let good = "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE"

    @Test("only the very same text matches")
    func matching() throws {
        let credential = try AdminCredential(Self.good)
        #expect(credential.matches(Self.good[...]))
        #expect(!credential.matches(Self.good.dropLast()))
        #expect(!credential.matches(""))
        #expect(!credential.matches(Self.good.lowercased()[...]))
    }

    @Test(
        "weak credentials are refused",
        arguments: [
            ("", AdminCredentialError.short), ("k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3Xa", .short),
            ("k9Qv2ZxT7pLm4WcR 8sYb1NdF6hJg3XaE", .notPrintable), ("k9Qv2ZxT7pLm4WcRé8sYb1NdF6hJg3XaE", .notPrintable),
            (String(repeating: "a", count: 40), .sample), (String(repeating: "abcd", count: 10), .sample),
            ("change-me-change-me-0123456789-abcdef", .sample), ("EXAMPLE_k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE", .sample),
        ])
    func refused(text: String, error: AdminCredentialError) {
        #expect(throws: error) { try AdminCredential(text) }
    }

    @Test("an admin key is none, since it would let in after its end; what only looks like one is taken")
    func issued() throws {
        let key = KeySecret.generate(.admin).text
        #expect(throws: AdminCredentialError.issued) { try AdminCredential(key) }
        _ = try AdminCredential(key + "x")
        _ = try AdminCredential(KeySecret.generate().text)
    }
}
