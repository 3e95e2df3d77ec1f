/// Notices that much more is resident without being used than was at the best of times. What a crowd took and left the
/// allocator keeps: whether it is worth asking for it is not told by what is resident, nor by what is free.
struct HeapSlack {
    /// What is too little to be worth it, in bytes.
    static let allowance: Int64 = 16 << 20
    /// Looks until what could not be given back is asked for again: blocks that held it may be gone.
    static let patience = 12

    /// The least of all looks, and of those since the last was given back.
    private var least = Int64.max
    private var left = Int64.max
    private var looks = 0

    /// Another look, in bytes: whether there is much to be given back.
    mutating func look(_ slack: Int64) -> Bool {
        least = min(least, slack)
        left = min(left, slack)
        looks += 1
        return slack - left > Self.allowance || looks >= Self.patience && slack - least > Self.allowance
    }

    /// What is left after all was given back that can be.
    mutating func settle(_ slack: Int64) {
        left = slack
        looks = 0
    }
}
