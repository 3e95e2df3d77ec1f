import Testing

@testable import Tollgate

@Suite struct SecretSourceTests {
    @Test func `a variable's value loses the white space around it`() throws {
        #expect(try SecretSource.environment("A").resolve(environment: ["A": " secret\n"]) == "secret")
    }

    @Test func `a file's content loses the white space around it`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret\n", to: "key")
        #expect(try SecretSource.file(path).resolve(environment: [:]) == "secret")
    }

    @Test func `a secret that is not there is named, and so is an empty one`() throws {
        let folder = try TemporaryFolder()
        let empty = try folder.write("\n", to: "empty")
        let large = try folder.write(String(repeating: "a", count: 70_000), to: "large")
        let cases: [(SecretSource, SecretError)] = [
            (.environment("A"), .unset("A")), (.environment("B"), .empty(.environment("B"))),
            (.file(empty), .empty(.file(empty))), (.file(large), .notText(large)),
            (.file("/nonexistent/key"), .unreadable("/nonexistent/key")),
            (.file(folder.path), .unreadable(folder.path)),
        ]
        for (source, error) in cases {
            #expect(throws: error) { try source.resolve(environment: ["B": " "]) }
        }
        #expect("\(SecretError.unset("A"))" == "the environment variable A is not set")
    }
}
