/// Numbers of bytes as people write them: a whole number and a unit, `32MiB`; no unit means bytes.
enum SizeText {
    private static let units: [(suffix: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
        ("B", 1), ("", 1),
    ]

    /// The number of bytes; nil for anything else, or more than the machine can count.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let suffix = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits), let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : product
    }

    /// With one decimal and the largest unit there is one of, rounded down: `12.5 GiB`.
    static func short(_ bytes: UInt64) -> String {
        let unit = units.prefix(3).first { bytes >= UInt64($0.bytes) }
        guard let unit else { return "\(bytes) B" }
        let size = UInt64(unit.bytes)
        return "\(bytes / size).\(bytes % size * 10 / size) \(unit.suffix)"
    }

    /// With the largest unit that leaves a whole number.
    static func text(_ bytes: Int) -> String {
        let unit = units.prefix(3).first { bytes > 0 && bytes % $0.bytes == 0 }
        return unit.map { "\(bytes / $0.bytes)\($0.suffix)" } ?? "\(bytes)B"
    }
}
