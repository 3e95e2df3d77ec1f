/// How a JSON value becomes a field's value.
struct FieldRule<Value>: Sendable {
    let read: @Sendable (JSONValue) throws(FieldFault) -> Value

    init(_ read: @escaping @Sendable (JSONValue) throws(FieldFault) -> Value) {
        self.read = read
    }
}
