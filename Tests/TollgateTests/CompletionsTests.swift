import Testing

@testable import Tollgate

@Suite struct CompletionsTests {
    @Test func `every command and shell can be asked for`() throws {
        for shell in Completions.Shell.allCases {
            let command = try Tollgate.command(for: ["completions", shell.rawValue])
            #expect((command as? Completions)?.shell == shell)
        }
        #expect(throws: (any Error).self) { try Tollgate.command(for: ["completions", "tcsh"]) }
    }
}
