/// Why a command did not do what it was asked, for people, and what the shell is told.
struct CommandFailure: Error, Sendable, Equatable, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}
