import ArgumentParser

/// What the process tells the shell.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    /// The command line makes no sense.
    case usage = 2
    case notFound = 3
    case denied = 4
    case conflict = 5

    /// The status of an answer that is no success.
    init(httpStatus: Int) {
        switch httpStatus {
        case 401, 403: self = .denied
        case 404: self = .notFound
        case 409, 412: self = .conflict
        default: self = .failed
        }
    }

    /// The code for whatever ended a command early; the argument parser's own code for wrong usage becomes 2.
    static func code(for error: any Error) -> Int32 {
        if let failure = error as? CommandFailure { return failure.status.rawValue }
        let code = Tollgate.exitCode(for: error)
        return code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue
    }
}
