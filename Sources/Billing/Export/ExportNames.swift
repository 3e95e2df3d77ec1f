/// The names that entries repeat, each as a small number, so that groups are compared without comparing texts.
struct ExportNames {
    /// Stands for no name.
    static let none: Int32 = -1

    private var numbers: [String: Int32] = [:]
    private var texts: [String] = []

    /// The number of a name, the same each time.
    mutating func number(_ text: String) -> Int32 {
        if let known = numbers[text] { return known }
        let number = Int32(clamping: texts.count)
        texts.append(text)
        numbers[text] = number
        return number
    }

    /// The name of a number; nil for `none`.
    func text(_ number: Int32) -> String? {
        texts.indices.contains(Int(number)) ? texts[Int(number)] : nil
    }
}
