import Billing

/// What results may be told apart by. Users, batches, tiers and sources are not known here: they are taken, and told as
/// nothing.
enum OrganizationUsageGroup: String, CaseIterable {
    case project = "project_id"
    case key = "api_key_id"
    case model
    case lineItem = "line_item"
    case user = "user_id"
    case batch
    case serviceTier = "service_tier"
    case source = "api_source"

    /// What is told of it where it is not known; nil for what the ledger tells apart.
    var unknown: JSONValue? {
        switch self {
        case .project, .key, .model, .lineItem: nil
        case .user, .serviceTier: .null
        case .batch: false
        case .source: "unlabeled"
        }
    }
}
