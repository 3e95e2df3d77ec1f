import Billing

/// LiteLLM's `budget_duration` as a window of Tollgate.
struct LiteLLMWindow: Sendable, Equatable {
    let window: BudgetWindow.Kind
    /// Whether both begin anew at the same moments: LiteLLM resets `1d` at midnight, `7d` on Mondays, `30d` on a 1st.
    let isExact: Bool

    /// No duration never resets. One without a window gets the next longer one, which with one limit allows less.
    init(_ duration: String?) {
        guard let text = duration?.lowercased(), !["", "none", "null"].contains(text) else {
            self.init(.total, isExact: true)
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let seconds: [Substring: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "mo": 2_592_000]
        guard let number = Int64(digits), number < 1_000_000, let unit = seconds[text.dropFirst(digits.count)] else {
            self.init(.total, isExact: false)
            return
        }
        switch number * unit {
        case ...86_400: self.init(.day, isExact: number * unit == 86_400)
        case ...604_800: self.init(.week, isExact: number * unit == 604_800)
        case ...2_678_400: self.init(.month, isExact: number * unit == 2_592_000)
        default: self.init(.total, isExact: false)
        }
    }

    private init(_ window: BudgetWindow.Kind, isExact: Bool) {
        self.window = window
        self.isExact = isExact
    }
}
