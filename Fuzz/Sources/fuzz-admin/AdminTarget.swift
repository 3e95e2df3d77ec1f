import Fuzzing

/// What is fuzzed of the Admin API.
enum AdminTarget: String, FuzzTarget {
    /// JSON bodies.
    case json
    /// Price lists of other projects.
    case prices
    /// Bills of providers.
    case bills
    /// Durations, decimals, dates, pointers and metric labels.
    case texts

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .json: JSONTarget.run(input)
        case .prices: PricesTarget.run(input)
        case .bills: BillsTarget.run(input)
        case .texts: TextsTarget.run(input)
        }
    }
}
