import Billing
import Hummingbird
import Tenancy

/// `/budgets/{id}/dry-run`: what another limit would have refused. It changes nothing.
struct DryRunRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            post(
                "budgets/{budget}/dry-run", .admins,
                .takes("Says what another limit would have refused; changes nothing", .dryRun) {
                    _ = $0.required("limit", .money, else: .zero)
                    _ = $0.required("days", .integer(DryRunStore.days), else: 1)
                }, use: run)
        ]
    }

    private func run(_ request: Request, _ context: AdminContext) async throws -> Response {
        let id = ID<Budget>(try context.parameter("budget"))
        let body = try await request.object()
        let limit = body.required("limit", .money, else: .zero)
        let days = body.required("days", .integer(DryRunStore.days), else: 1)
        try body.finish()
        guard let budget = try plane.file.read({ db in try BillingStore.budget(db, id) }) else {
            throw Problem.notFound("budget")
        }
        do {
            let run = try await DryRunStore.run(
                path: plane.file.path, budget, limit: limit, days: days, at: plane.time.now())
            return try await plane.reply(context, .ok(run.json(budget, days: days)))
        } catch DryRunError.tooLong {
            throw Problem(
                status: .serviceUnavailable, code: "dry_run_too_long",
                detail: "the last \(days) days hold more than can be replayed now; ask for fewer")
        }
    }
}
