/// Finds the name that was probably meant.
enum NearestName {
    /// The name fewest edits away; nil if none is near.
    static func of(_ name: String, among names: [String]) -> String? {
        let limit = max(2, name.count / 2)
        let nearest = names.map { (name: $0, edits: edits(name.lowercased(), $0)) }.min { left, right in
            (left.edits, left.name) < (right.edits, right.name)
        }
        guard let nearest, nearest.edits <= limit else { return nil }
        return nearest.name
    }

    /// How many characters must be put in, taken out, replaced, or swapped with their neighbour.
    static func edits(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
