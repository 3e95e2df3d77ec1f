/// What an import could not carry over and why, and what the operator must do before and after `apply`.
struct ImportNotes: Sendable, Equatable {
    /// One thing that stayed behind; equal reasons are told once.
    private struct Loss: Sendable, Equatable {
        let reason: String
        var names: [String]
    }

    private var losses: [Loss] = []
    /// Environment variables that `apply` will look up, each with what it is for.
    private(set) var variables: [(name: String, purpose: String)] = []
    /// Commands to run after `apply`, in order.
    private(set) var commands: [String] = []

    /// Records that something was left out or changed.
    mutating func lose(_ name: String, _ reason: String) {
        let (name, reason) = (ImportName.shown(name), ImportName.shown(reason))
        if let index = losses.firstIndex(where: { $0.reason == reason }) {
            if !losses[index].names.contains(name) { losses[index].names.append(name) }
        } else {
            losses.append(Loss(reason: reason, names: [name]))
        }
    }

    /// Records a variable that must be set, once.
    mutating func need(variable name: String, for purpose: String) {
        if !variables.contains(where: { $0.name == name }) { variables.append((name, purpose)) }
    }

    /// Records a command for the operator.
    mutating func run(_ command: String) { commands.append(command) }

    static func == (left: ImportNotes, right: ImportNotes) -> Bool { left.text == right.text }

    /// The whole list for people; empty if there is nothing to say.
    var text: String {
        var parts: [String] = []
        if !losses.isEmpty {
            parts.append(
                "Not carried over, or changed on the way:\n"
                    + losses.map { "  \($0.names.joined(separator: ", ")): \($0.reason)" }.joined(separator: "\n"))
        }
        if !variables.isEmpty {
            parts.append(
                "Set before `tollgate apply`:\n"
                    + variables.map { "  \($0.name): \($0.purpose)" }.joined(separator: "\n"))
        }
        if !commands.isEmpty {
            parts.append("Run after `tollgate apply`:\n" + commands.map { "  \($0)" }.joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }
}
