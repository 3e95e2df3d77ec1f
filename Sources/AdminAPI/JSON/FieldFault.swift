/// Why a value does not suit its field.
struct FieldFault: Error, Sendable, Equatable {
    let detail: String
    /// Below the field, e.g. `/3`; empty for the field itself.
    let subpath: String
    /// The problem's code, if more exact than `invalid_request`.
    let code: String?

    init(_ detail: String, at subpath: String = "", code: String? = nil) {
        self.detail = detail
        self.subpath = subpath
        self.code = code
    }
}
