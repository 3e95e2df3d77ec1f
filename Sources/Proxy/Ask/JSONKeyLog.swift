/// The keys met so far in the objects being read, innermost last, to find one that is repeated.
struct JSONKeyLog {
    /// One object's share of the log.
    struct Frame {
        fileprivate let start: Int
        fileprivate var many: Set<JSONKeyDigest>?
    }

    /// Objects with more keys use a set, so that a hostile body costs linear time.
    private static let linearLimit = 32

    private var keys: [JSONKeyDigest] = []

    init() {
        keys.reserveCapacity(Self.linearLimit)
    }

    /// Begins an object inside the current one.
    func open() -> Frame {
        Frame(start: keys.count, many: nil)
    }

    /// Notes a key of the innermost object; false if the object already had it.
    mutating func insert(_ key: JSONKeyDigest, in frame: inout Frame) -> Bool {
        if frame.many != nil { return frame.many?.insert(key).inserted == true }
        for index in frame.start..<keys.count where keys[index] == key { return false }
        keys.append(key)
        if keys.count - frame.start >= Self.linearLimit { frame.many = Set(keys[frame.start...]) }
        return true
    }

    /// Ends the innermost object.
    mutating func close(_ frame: Frame) {
        keys.removeLast(keys.count - frame.start)
    }
}
