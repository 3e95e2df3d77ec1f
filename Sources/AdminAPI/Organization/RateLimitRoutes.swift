import Hummingbird
import Tenancy

/// `projects/{id}/rate_limits`: a tenant's quota. It counts over all models, so there is one entry.
struct RateLimitRoutes: OrganizationGroup {
    /// Its id, and the name of the model it stands for.
    private static let everyModel = "*"
    private static let id = "rl-all-models"
    /// What stands for "no limit" where a number must be, and is taken for it.
    private static let unlimited: Int64 = 1_000_000_000_000

    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            list("projects/{project}/rate_limits", .viewers, use: list),
            post("projects/{project}/rate_limits/{rate_limit}", .admins, use: update),
        ]
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        let quota = try plane.project(context).quota
        var query = OrganizationQuery(request)
        let page = query.page()
        try query.finish()
        return .json(page.cut([quota], id: { _ in Self.id }, json: Self.json))
    }

    private func update(_ request: Request, _ context: AdminContext) async throws -> Response {
        let tenant = try plane.project(context).tenant.id
        guard try context.parameter("rate_limit") == Self.id else { throw Problem.notFound("rate limit") }
        let body = try await request.object()
        let range = 1...Self.unlimited
        let rpm = body.optional("max_requests_per_1_minute", .integer(range))
        let tpm = body.optional("max_tokens_per_1_minute", .integer(range))
        let rpd = body.optional("max_requests_per_1_day", .integer(range))
        body.refuse("batch_1_day_max_input_tokens", "max_audio_megabytes_per_1_minute", "max_images_per_1_minute")
        try body.finish()
        return try await plane.changeQuota(of: tenant, context, answer: { .ok(Self.json($0)) }) { before in
            var quota = before
            if let rpm { quota.rpm = Self.limit(rpm) }
            if let tpm { quota.tpm = Self.limit(tpm) }
            if let rpd { quota.rpd = Self.limit(rpd) }
            return quota
        }
    }

    private static func limit(_ number: Int64) -> Int64? { number == unlimited ? nil : number }

    private static func json(_ quota: Quota) -> JSONValue {
        [
            "id": .string(id),
            "object": "project.rate_limit",
            "model": .string(everyModel),
            "max_requests_per_1_minute": .integer(quota.rpm ?? unlimited),
            "max_tokens_per_1_minute": .integer(quota.tpm ?? unlimited),
            "max_requests_per_1_day": .integer(quota.rpd),
        ]
    }
}
