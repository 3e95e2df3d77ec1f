/// Parsed URLs by their text; parsing costs more than the rest of a call's set-up.
struct CurlURLCache {
    private let capacity: Int
    private var urls: [String: CurlURL] = [:]

    init(capacity: Int = 1024) {
        self.capacity = capacity
    }

    var count: Int { urls.count }

    /// Nil if the text is not an absolute http or https URL.
    mutating func url(_ text: String) -> CurlURL? {
        if let known = urls[text] {
            return known
        }
        guard let parsed = CurlURL(text) else { return nil }
        if urls.count >= capacity {
            // Backends are few; a full cache means they changed often, and starting afresh is cheap.
            urls.removeAll(keepingCapacity: true)
        }
        urls[text] = parsed
        return parsed
    }
}
