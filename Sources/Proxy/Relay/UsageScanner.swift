import Billing
import NIOCore

/// Keeps what one attempt's answer said of its usage; cumulative reports replace each other.
struct UsageScanner {
    let dialect: Dialect
    private var report: UsageReport?
    private var tier: String?
    private var size: String?
    private var quality: String?
    /// Images delivered.
    private(set) var images: Int64 = 0
    private var isDistrusted = false
    /// Bytes of text that the model wrote.
    private(set) var textBytes: Int64 = 0
    /// Answers or events that brought text.
    private(set) var texts: Int64 = 0

    init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// What was reported, in disjoint counts; nil while nothing was.
    var latest: UsageReading? {
        guard let report, var reading = dialect.reading(of: report) else { return nil }
        if reading.tiers.isEmpty { reading.tiers = tiers }
        if isDistrusted { reading.anomaly = true }
        return reading
    }

    /// Whether the latest report counts in this unit, be it zero.
    func reports(_ meter: Meter) -> Bool {
        guard let report else { return false }
        return switch meter {
        case .second: report.seconds != nil
        case .search: report.searches != nil
        default: meter.isToken && (report.input != nil || report.output != nil || report.total != nil)
        }
    }

    /// What the answer says it was made at, other than the standard, the closest name first.
    var tiers: [String] {
        tier.map { [$0] } ?? Self.imageTiers(quality: quality, size: size)
    }

    /// The names a price of an image can have, the closest first.
    static func imageTiers(quality: String?, size: String?) -> [String] {
        if let quality, let size { return [quality + "/" + size, quality, size] }
        return [quality, size].compactMap { $0 }
    }

    /// Reads a whole JSON answer or the data of one stream event; nil if it is not a JSON object.
    @discardableResult
    mutating func read(_ bytes: ByteBuffer, isWhole: Bool = false) -> AnswerReading? {
        let answer = bytes.withUnsafeReadableBytes { AnswerReading($0, dialect, isWhole: isWhole) }
        guard let answer else { return nil }
        if case .reported(let later) = answer.usage { update(later) }
        if let tier = answer.tier { self.tier = tier }
        if answer.textBytes > 0 {
            textBytes = textBytes.clampedSum(answer.textBytes)
            texts += 1
        }
        if dialect == .images {
            size = answer.size ?? size
            quality = answer.quality ?? quality
            add(images: answer.images)
        }
        return answer
    }

    /// Counts images that were seen otherwise.
    mutating func add(images more: Int64) {
        images = images.clampedSum(more)
    }

    /// Not all of what the answer says of itself could be read.
    mutating func distrust() {
        isDistrusted = true
    }

    private mutating func update(_ later: UsageReport) {
        guard var whole = report else {
            report = later
            return
        }
        whole.update(with: later)
        if dialect == .anthropic {
            report = whole
        } else {
            // Each report is complete; of those before it only the contradictions stay.
            report = later
            report?.anomaly = whole.anomaly
        }
    }
}
