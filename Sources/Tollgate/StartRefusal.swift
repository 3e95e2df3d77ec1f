/// A reason not to start that the operator can mend; the process logs it and exits with 1.
struct StartRefusal: Error, CustomStringConvertible {
    /// What is wrong and where.
    let reason: String

    /// The reason itself.
    var description: String { reason }
}
