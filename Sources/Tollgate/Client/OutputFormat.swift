import ArgumentParser

/// How results are written to the standard output.
enum OutputFormat: String, CaseIterable, Sendable, ExpressibleByArgument {
    case table
    case json
}
