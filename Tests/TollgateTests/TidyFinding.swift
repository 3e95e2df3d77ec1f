/// A place where a house rule is broken.
struct TidyFinding: CustomStringConvertible, Sendable {
    let path: String
    let line: Int
    let problem: String

    var description: String { "\(path):\(line): \(problem)" }
}
