/// What a call takes and gives. The OpenAPI document is made of these: by running the code that reads the body, not by
/// describing it again.
struct RouteShape: Sendable {
    enum Answer: Sendable {
        case one(Sample)
        /// A page of them, and what stands beside it.
        case list(Sample, beside: [JSONMember])
        case nothing
        /// Something to save, in one of these media types.
        case file([String])
    }

    /// One line: what the call does.
    let summary: String
    var statuses: [Int] = [200]
    /// Asks a query for its parameters.
    var query: @Sendable (inout Query) -> Void = { _ in }
    /// Reads a body; nil if the call takes none.
    var body: (@Sendable (JSONObject) -> Void)?
    /// A body may be left out.
    var isBodyOptional = false
    /// Media types of a file of others that is the body.
    var accepts: [String] = []
    let answer: Answer

    /// Gives one resource.
    static func one(
        _ summary: String,
        _ sample: Sample,
        statuses: [Int] = [200],
        query: @escaping @Sendable (inout Query) -> Void = { _ in }
    ) -> RouteShape {
        RouteShape(summary: summary, statuses: statuses, query: query, answer: .one(sample))
    }

    /// Gives a page of resources; a query of its own names `page()` too.
    static func list(
        _ summary: String,
        _ sample: Sample,
        beside: [JSONMember] = [],
        query: @escaping @Sendable (inout Query) -> Void = { _ = $0.page() }
    ) -> RouteShape {
        RouteShape(summary: summary, query: query, answer: .list(sample, beside: beside))
    }

    /// Takes a body and makes something of it: 201.
    static func creates(
        _ summary: String,
        _ sample: Sample,
        _ body: @escaping @Sendable (JSONObject) -> Void
    ) -> RouteShape {
        RouteShape(summary: summary, statuses: [201], body: body, answer: .one(sample))
    }

    /// Takes a body and answers 200, or what is named.
    static func takes(
        _ summary: String,
        _ sample: Sample,
        statuses: [Int] = [200],
        _ body: @escaping @Sendable (JSONObject) -> Void
    ) -> RouteShape {
        RouteShape(summary: summary, statuses: statuses, body: body, answer: .one(sample))
    }

    /// Takes a file of others.
    static func takesFile(
        _ summary: String,
        _ types: [String],
        _ sample: Sample,
        status: Int = 200,
        query: @escaping @Sendable (inout Query) -> Void
    ) -> RouteShape {
        RouteShape(summary: summary, statuses: [status], query: query, accepts: types, answer: .one(sample))
    }

    /// The same with a body that may be left out.
    var withOptionalBody: RouteShape {
        var shape = self
        shape.isBodyOptional = true
        return shape
    }

    /// Takes and gives nothing: 204.
    static func nothing(_ summary: String) -> RouteShape {
        RouteShape(summary: summary, statuses: [204], answer: .nothing)
    }

    /// Gives something to save.
    static func file(
        _ summary: String,
        _ types: [String],
        query: @escaping @Sendable (inout Query) -> Void = { _ in }
    ) -> RouteShape {
        RouteShape(summary: summary, statuses: [200, 304], query: query, answer: .file(types))
    }
}
