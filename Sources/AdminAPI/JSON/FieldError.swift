/// What is wrong with one field of a body.
struct FieldError: Sendable, Equatable {
    /// JSON pointer into the body; `?name` for a query parameter.
    let pointer: String
    let detail: String
}
