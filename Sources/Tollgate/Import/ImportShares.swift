import Foundation

/// Shares as Tollgate writes weights: whole numbers in the same proportion.
enum ImportShares {
    private static let limit: Int64 = 1_000_000

    /// `0.5` and `0.25` are 2 and 1; what is beyond a million in proportion is rounded, but never to 0.
    static func whole(_ shares: [Decimal]) -> [Int64] {
        guard let largest = shares.max(), largest > 0 else { return shares.map { _ in 0 } }
        var scale = Decimal(1)
        while scale < 1_000_000, shares.contains(where: { !isWhole($0 * scale) }) { scale *= 10 }
        let fits = largest * scale <= Decimal(limit)
        let factor = fits ? scale : Decimal(limit) / largest
        let scaled = shares.map { share in
            Int64(ExactAmount.rounded(share * factor, fractionDigits: 0).text).map { min($0, limit) } ?? 0
        }
        let divisor = scaled.reduce(0, greatestCommonDivisor)
        return divisor > 1 ? scaled.map { $0 / divisor } : scaled
    }

    private static func isWhole(_ number: Decimal) -> Bool {
        !ExactAmount.rounded(number, fractionDigits: 0).isRounded
    }

    private static func greatestCommonDivisor(_ left: Int64, _ right: Int64) -> Int64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}
