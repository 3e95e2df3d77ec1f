#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// What is told of a text that is refused.
enum FaultChecks {
    static func run(_ error: DocumentFaults, in text: String) {
        precondition(!error.faults.isEmpty, text)
        let ends = Set("\n\r\u{85}\u{2028}\u{2029}".unicodeScalars)
        let lines = text.unicodeScalars.count(where: { ends.contains($0) })
        for fault in error.faults {
            precondition(!fault.text.isEmpty, text)
            // Yams counts one more at the end of a text.
            if case .line(let line) = fault.place { precondition(0...lines + 2 ~= line, "line \(line)") }
        }
    }
}
