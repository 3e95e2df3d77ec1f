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
}
