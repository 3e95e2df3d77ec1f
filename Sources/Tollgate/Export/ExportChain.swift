/// What manifests say of each other: each names the SHA-256 of the one of the month closed before.
struct ExportChain {
    private let documents: [ExportDocument]

    init(_ documents: [ExportDocument]) {
        self.documents = documents
    }

    /// The manifest that stands for all before it: of the month closed last, without a filter.
    var last: ExportDocument? {
        wholes.max { ($0.number ?? 0) < ($1.number ?? 0) }
    }

    private var wholes: [ExportDocument] { documents.filter { $0.isClosed && $0.isWhole } }

    /// Where manifests contradict each other.
    func differences() -> [String] {
        documents.flatMap(link) + twins()
    }

    /// Months that a manifest names and that nobody can compare, because theirs is not here.
    func missing() -> [String] {
        let here = Set(wholes.map(\.period))
        return Set(documents.compactMap(\.previousPeriod)).subtracting(here).sorted()
    }

    private func link(_ document: ExportDocument) -> [String] {
        guard let period = document.previousPeriod else {
            guard document.isClosed, document.number != 1 else { return [] }
            return ["\(document.name): is not of the month closed first, and names none before it"]
        }
        let before = documents.filter { $0.isClosed && $0.period == period }
        let whole = before.filter(\.isWhole)
        if !whole.isEmpty, !whole.contains(where: { $0.sha256 == document.json["previous_manifest_sha256"].string }) {
            return ["\(document.name): names another manifest of \(period) than the one that is here"]
        }
        // A part of a month has no hash in the next one, but the same close.
        let seals = before.map { $0.json["seal_sha256"] }
        if !seals.isEmpty, !seals.contains(document.json["previous_seal_sha256"]) {
            return ["\(document.name): names another close of \(period) than the one that is here"]
        }
        if let number = document.number, before.contains(where: { $0.number != number &- 1 }) {
            return ["\(document.name): was not closed right after \(period), which it names"]
        }
        return []
    }

    /// A closed month has one close and one manifest.
    private func twins() -> [String] {
        let closed = documents.filter(\.isClosed)
        let seals = Dictionary(grouping: closed, by: \.period).filter {
            Set($0.value.map { $0.json["seal_sha256"] }).count > 1
        }
        let numbers = Dictionary(grouping: closed) { $0.number ?? 0 }.filter { Set($0.value.map(\.period)).count > 1 }
        let manifests = Dictionary(grouping: wholes, by: \.period).filter { Set($0.value.map(\.sha256)).count > 1 }
        return Set(seals.keys).union(manifests.keys).sorted().map { "\($0): there are manifests of it that differ" }
            + numbers.values.map { $0.map(\.period).sorted() }.sorted { $0.lexicographicallyPrecedes($1) }.map {
                "\($0.joined(separator: " and ")): have the same place in the order of closing"
            }
    }
}
