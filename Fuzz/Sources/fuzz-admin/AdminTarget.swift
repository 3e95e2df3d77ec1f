import Fuzzing

/// What is fuzzed of the Admin API and of the operator's files.
enum AdminTarget: String, FuzzTarget {
    /// JSON bodies.
    case json
    /// Price lists of other projects.
    case prices
    /// Bills of providers.
    case bills
    /// Durations, decimals, dates, pointers and metric labels.
    case texts
    /// Bodies of every call that takes JSON.
    case bodies
    /// Queries, pages, tags of states, paths and patterns of names.
    case queries
    /// The operator's settings, and variables that override them.
    case settings
    /// State files, and other gateways' configurations.
    case states
    /// Sizes, addresses and amounts in them.
    case words
    /// Saved exports, their manifests and tables.
    case saved

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .json: JSONTarget.run(input)
        case .prices: PricesTarget.run(input)
        case .bills: BillsTarget.run(input)
        case .texts: TextsTarget.run(input)
        case .bodies: BodiesTarget.run(input)
        case .queries: QueriesTarget.run(input)
        case .settings: SettingsTarget.run(input)
        case .states: StatesTarget.run(input)
        case .words: WordsTarget.run(input)
        case .saved: SavedTarget.run(input)
        }
    }
}
