/// Findings for people and for scripts.
enum DoctorReport {
    private static let gap = 2

    /// One line a finding, and a line below it with what to do; wrapped to the terminal's width.
    static func text(_ findings: [Finding], width: Int?) -> String {
        let margin = (findings.map { TextWidth.of($0.check) }.max() ?? 0) + gap
        let indent = String(repeating: " ", count: 6 + margin)
        let lines = findings.flatMap { finding -> [String] in
            let head = TableText.padded(finding.state.rawValue, to: 6) + TableText.padded(finding.check, to: margin)
            let detail = wrap(finding.detail, width, margin)
            let fix = finding.fix.map { wrap("fix: \($0)", width, margin) } ?? []
            return [head + (detail.first ?? "")] + (detail.dropFirst() + fix).map { indent + $0 }
        }
        return (lines + [summary(findings)]).joined(separator: "\n")
    }

    /// `11 ok, 1 warn`.
    static func summary(_ findings: [Finding]) -> String {
        [Finding.State.ok, .warn, .fail].compactMap { state in
            let count = findings.count { $0.state == state }
            return count > 0 ? "\(count) \(state.rawValue)" : nil
        }.joined(separator: ", ")
    }

    static func json(_ findings: [Finding]) -> JSONValue {
        .object([
            "ok": .bool(!findings.contains { $0.state == .fail }), "findings": .array(findings.map(\.json)),
        ])
    }

    private static func wrap(_ text: String, _ width: Int?, _ margin: Int) -> [String] {
        guard let width, width - margin - 6 >= 20 else { return [text] }
        return TextWidth.wrap(text, to: width - margin - 6)
    }
}
