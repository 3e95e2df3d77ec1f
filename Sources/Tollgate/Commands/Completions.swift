import ArgumentParser

/// `tollgate completions`: what a shell needs to complete commands and options.
struct Completions: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script for a shell.",
        discussion: """
            bash: source <(tollgate completions bash). \
            zsh: tollgate completions zsh > a folder of $fpath/_tollgate. \
            fish: tollgate completions fish > ~/.config/fish/completions/tollgate.fish.
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish

        fileprivate var parser: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        print(Tollgate.completionScript(for: shell.parser))
    }
}
