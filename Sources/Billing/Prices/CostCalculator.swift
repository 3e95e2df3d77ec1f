/// Units times price, exact; the only rounding anywhere is in `Rates.scaled`.
public enum CostCalculator {
    /// What a usage costs; saturates at `Money.lineMaximum`, and negative counts count as zero.
    public static func cost(_ usage: TokenUsage, rates: Rates) -> Money {
        var sum = Money.zero
        for meter in Meter.allCases {
            let units = usage[meter]
            if units > 0 { sum += product(units, rates[meter]) }
        }
        return sum.line
    }

    /// The most a call within a bound can cost; saturates at `Money.lineMaximum`.
    public static func bound(_ bound: UsageBound, rates: Rates) -> Money {
        (besideOutput(bound, rates) + product(bound.outputTokens, rates.dearestOutput)).line
    }

    /// How many output tokens `money` surely pays beside everything else in `bound`; 0 when it does not cover the rest,
    /// Int64.max when output is free.
    public static func outputTokens(affordedBy money: Money, _ bound: UsageBound, rates: Rates) -> Int64 {
        let left = money - besideOutput(bound, rates)
        if left < .zero { return 0 }
        let dearest = Int128(rates.dearestOutput)
        return dearest == 0 ? Int64.max : Int64(clamping: left.pico / dearest)
    }

    private static func besideOutput(_ bound: UsageBound, _ rates: Rates) -> Money {
        product(bound.inputTokens, rates.dearestInput) + product(bound.images, rates[.image])
            + product(bound.seconds, rates[.second]) + product(bound.characters, rates[.character])
            + product(bound.requests, rates[.request]) + product(bound.searches, rates[.search])
    }

    /// A product of two 64-bit numbers always fits 128 bits.
    private static func product(_ units: Int64, _ rate: Int64) -> Money {
        Money(pico: Int128(max(units, 0)) * Int128(rate))
    }
}
