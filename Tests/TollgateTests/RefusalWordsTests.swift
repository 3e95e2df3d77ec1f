import AdminAPI
import Tenancy
import Testing

@testable import Tollgate

@Suite struct RefusalWordsTests {
    /// An error that has no words of its own.
    private struct Strange: Error {}

    @Test(
        arguments: [
            (MasterKeyError.short, "the key is shorter than 32 bytes"),
            (MasterKeyError.malformed, "the key is not 32 bytes in base64"),
            (AdminCredentialError.short, "the key is shorter than 32 characters"),
            (MasterKeyError.sample, "the key looks copied or typed; draw a random one, as tollgate init does"),
            (
                AdminCredentialError.sample,
                "the key looks copied or typed; draw at least 32 random printable characters, such as "
                    + "`openssl rand -hex 32`"
            ),
            (
                AdminCredentialError.issued,
                "the key is an issued admin key, which would let in after its end; draw at least 32 random "
                    + "printable characters, such as `openssl rand -hex 32`"
            ),
            (DatabaseFileError.locked, "another tollgate runs on this database"),
            (DatabaseFileError.notFound, "there is no such database"),
            (DatabaseFileError.lost, "the database that was here is empty or gone"),
            (DatabaseFileError.unavailable("disk I/O error"), "the database cannot be opened: disk I/O error"),
            (SecretError.unset("KEY"), "the environment variable KEY is not set"),
        ] as [(any Error, String)])
    func `what cannot be used is told in words`(error: any Error, words: String) {
        #expect(RefusalWords.text(for: error) == words)
    }

    @Test func `an error without words is shown as it is`() {
        #expect(RefusalWords.text(for: Strange()) == "Strange()")
    }
}
