/// How a JSON value becomes a field's value.
struct FieldRule<Value>: Sendable {
    /// What JSON Schema can say of the values it takes; empty says nothing.
    let schema: JSONValue
    let read: @Sendable (JSONValue) throws(FieldFault) -> Value

    init(_ schema: JSONValue = [:], _ read: @escaping @Sendable (JSONValue) throws(FieldFault) -> Value) {
        self.schema = schema
        self.read = read
    }
}
