/// Where the members that Tollgate may rewrite lie in a request body.
struct AskEdits: Equatable, Sendable {
    /// Just after the body's opening brace.
    var start = 0
    var model = 0..<0
    var maxTokens: JSONMember?
    var maxCompletionTokens: JSONMember?
    /// The value of `stream_options`: an object or null.
    var streamOptions: Range<Int>?
    var streamOptionsHasMembers = false
    var includeUsage: Range<Int>?
    /// The value of `store`, if it is anything but false.
    var store: Range<Int>?
}
