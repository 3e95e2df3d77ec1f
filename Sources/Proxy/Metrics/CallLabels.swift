/// What the `gen_ai_*` histograms are told apart by.
public struct CallLabels: Hashable, Sendable {
    /// `gen_ai_operation_name`, such as `chat`.
    public let operation: String
    /// `gen_ai_provider_name`: the API that the backend speaks.
    public let provider: String
    /// `gen_ai_original_model`: the model's name as tenants know it.
    public let originalModel: String
    /// `gen_ai_request_model`: its name at the backend. `gen_ai_response_model` is the same: what an answer calls its
    /// model is a backend's free text, and a label must be bounded.
    public let requestModel: String
    /// `error_type`: the outcome's word where it is another than `ok`, else empty.
    public let errorType: String
}
