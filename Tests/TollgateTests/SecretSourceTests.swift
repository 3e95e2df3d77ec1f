import Testing

@testable import Tollgate

@Suite struct SecretSourceTests {
    @Test func `a variable's value loses the white space around it`() throws {
        #expect(try SecretSource.environment("A").resolve(environment: ["A": " secret\n"]) == "secret")
    }

    @Test func `a file's content loses the white space around it`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret\n", to: "key", mode: 0o600)
        #expect(try SecretSource.file(path).resolve(environment: [:]) == "secret")
    }

    @Test(
        arguments: [(0o600, true), (0o400, true), (0o440, true), (0o640, true)]
            + [0o644, 0o604, 0o660, 0o602, 0o777].map { ($0, false) })
    func `a file may be open to its owner, and to its group for reading only`(mode: UInt32, isTaken: Bool) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret\n", to: "key", mode: mode)
        if isTaken {
            #expect(try SecretSource.file(path).resolve(environment: [:]) == "secret")
        } else {
            #expect(throws: SecretError.open(path, mode: mode)) {
                try SecretSource.file(path).resolve(environment: [:])
            }
        }
    }

    @Test func `a secret that is not there is named, and so is an empty one`() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write("\n", to: "empty", mode: 0o600)
        let large = try folder.write(String(repeating: "a", count: 70_000), to: "large", mode: 0o600)
        let cases: [(SecretSource, SecretError)] = [
            (.environment("A"), .unset("A")), (.environment("B"), .empty(.environment("B"))),
            (.file(empty), .empty(.file(empty))), (.file(large), .notText(large)),
            (.file("/nonexistent/key"), .unreadable("/nonexistent/key")),
            (.file(folder.path), .unreadable(folder.path)),
        ]
        for (source, error) in cases {
            #expect(throws: error) { try source.resolve(environment: ["B": " "]) }
        }
        #expect("\(SecretError.open("/k", mode: 0o644))" == "the file /k is open to others (mode 0644); chmod 600 /k")
        #expect("\(SecretError.unset("A"))" == "the environment variable A is not set")
    }
}
