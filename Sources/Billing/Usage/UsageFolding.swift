public import Logging
public import Tenancy

/// Brings the roll-ups behind the ledger up to its newest entry: a part at a time, summed by a reader, added by the
/// writer together with the entry they are up to now.
public struct UsageFolding: Sendable {
    /// Entries of one part: what tenants' months they touch is some milliseconds of the writer's time at the most.
    public static let partSize: Int64 = 2_000

    private let file: DatabaseFile
    private let journal: Journal
    private let partSize: Int64
    private let logger: Logger

    /// A folding of the journal's ledger; nothing happens before `fold`.
    public init(file: DatabaseFile, journal: Journal, partSize: Int64 = UsageFolding.partSize, logger: Logger) {
        self.file = file
        self.journal = journal
        self.partSize = max(1, partSize)
        self.logger = logger
    }

    /// Folds what the ledger has now. What fails waits for the next time: until then questions read those entries.
    public func fold() async {
        do {
            let end = try await UsageFoldStore.newest(file)
            while let last = try await foldPart(), last < end, !Task.isCancelled {}
        } catch let error as LedgerError {
            // The writer stops, or the disk fails, which it says itself.
            logger.debug("usage is not folded", metadata: ["reason": "\(error)"])
        } catch {
            logger.warning("usage is not folded", metadata: ["reason": "\(error)"])
        }
    }

    /// Folds the next entries and returns the newest of them; nil when there are none.
    @discardableResult
    func foldPart() async throws -> Int64? {
        let part = try await UsageFoldStore.nextPart(of: file, most: partSize)
        guard let part else { return nil }
        let isAdded = try await journal.write { db in
            try UsageFoldStore.add(part.folds, after: part.after, upTo: part.last, db)
        }
        return isAdded ? part.last : nil
    }
}
