import ArgumentParser
import Tenancy

/// `tollgate import`: state files from other gateways' configurations.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a state file from another gateway's configuration.", subcommands: [LiteLLM.self])

    struct LiteLLM: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "litellm", abstract: "Make a state file from a LiteLLM configuration.",
            discussion: """
                Prints the state file, and on the standard error what it could not carry over and why. LiteLLM keeps \
                only hashes of its keys, so each key gets the command that issues it anew. No secret is printed: a \
                key that stands in the configuration becomes a variable to set.
                """)

        @Option(help: "The proxy's config.yaml; - is stdin.")
        var config: String

        @Option(
            help: """
                What GET /key/list?return_full_object=true answers, or an object with keys and teams. May be repeated.
                """)
        var keys: [String] = []

        @Option(help: "What GET /team/list answers.")
        var teams: String?

        func run() throws {
            let lists = try (keys + (teams.map { [$0] } ?? [])).map(Self.document)
            let result = try LiteLLMImport.run(
                try Self.document(config), lists: lists, now: SystemClock().now())
            print(result.state, terminator: "")
            let notes = result.notes.text
            if !notes.isEmpty { StandardError.write(notes) }
        }

        private static func document(_ path: String) throws -> DocumentValue {
            let text = try TextFile.read(path)
            do {
                return try DocumentText.parse(text)
            } catch {
                throw DocumentFaults(file: path, faults: [error])
            }
        }
    }
}
