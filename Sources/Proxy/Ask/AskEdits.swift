/// Where the members that Tollgate may rewrite lie in a request body.
struct AskEdits: Equatable, Sendable {
    /// Just after the body's opening brace.
    var start = 0
    /// The model's value: with its quotes in JSON, without in a form.
    var model = 0..<0
    /// The output bound under the route's own name; on chat routes `max_tokens`.
    var maxTokens: JSONMember?
    var maxCompletionTokens: JSONMember?
    /// The value of `stream_options`: an object or null.
    var streamOptions: Range<Int>?
    var streamOptionsHasMembers = false
    var includeUsage: Range<Int>?
    /// The value of `store`, if it is anything but false.
    var store: Range<Int>?
    var hasStore = false
}
