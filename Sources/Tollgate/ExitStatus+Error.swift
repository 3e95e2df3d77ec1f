import ArgumentParser

extension ExitStatus {
    /// The code for whatever ended a command early; the argument parser's own code for wrong usage becomes 2.
    static func code(for error: any Error) -> Int32 {
        if let failure = error as? CommandFailure { return failure.status.rawValue }
        let code = Tollgate.exitCode(for: error)
        return code == .validationFailure ? ExitStatus.usage.rawValue : code.rawValue
    }
}
