import Billing
import Hummingbird
import Tenancy

/// `/webhooks`: who hears of events, and what became of the messages.
struct WebhookRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("webhooks", .admins, .list("Lists webhooks", .webhook), use: list),
            post(
                "webhooks", .admins,
                .creates("Makes a webhook", .issuedWebhook) { _ = Webhook($0, at: Timestamp(microseconds: 0)) },
                use: create),
            get("webhooks/{webhook}", .admins, .one("Shows a webhook", .webhook), use: show),
            delete("webhooks/{webhook}", .admins, .nothing("Deletes a webhook"), use: delete),
            get("webhooks/{webhook}/deliveries", .admins, Self.page, use: deliveries),
            post("webhooks/{webhook}/test", .admins, .one("Sends a message now", .delivery), use: test),
        ]
    }

    private static let page = RouteShape.list("Lists its messages, the newest first", .delivery) { query in
        _ = query.choice("state", of: WebhookDelivery.State.self)
        _ = query.page()
    }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = Query(request)
        let page = query.page()
        try query.finish()
        let webhooks = try plane.file.read { db in try WebhookStore.webhooks(db) }
        return .json(page.cut(webhooks, cursor: \.id.text, json: \.json))
    }

    private func create(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        var webhook = Webhook(body, at: plane.time.now())
        try body.finish()
        let secret = SecretBytes.random(WebhookSignature.secretLength)
        let shown = JSONMember("secret", .string(WebhookSignature.text(secret)))
        return try await plane.turn.run {
            try webhook.seal(secret: secret, with: plane.masterKey)
            let created = webhook
            let audit = plane.audit(context, "webhook.create", created.id.text, after: created.json)
            let answer = Answer.created(created.json, revealing: shown)
            return try await plane.commit(context, audit: audit, answer: answer) { db in
                guard try WebhookStore.insert(created, db) <= Webhook.countAtMost else {
                    throw Problem.conflict("too_many_webhooks", "there are \(Webhook.countAtMost) webhooks already")
                }
            }
        }
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(try stored(context).json)
    }

    private func delete(_ request: Request, _ context: AdminContext) async throws -> Response {
        try await request.requireEmptyBody()
        return try await plane.turn.run {
            let before = try stored(context)
            try context.requireMatch(before.json)
            let audit = plane.audit(context, "webhook.delete", before.id.text, before: before.json)
            return try await plane.commit(context, audit: audit, answer: .noContent) { db in
                try WebhookStore.delete(before.id, db)
            }
        }
    }

    /// The newest first: whoever looks wants to know what happened just now.
    private func deliveries(_ request: Request, _ context: AdminContext) async throws -> Response {
        let webhook = try stored(context)
        var query = Query(request)
        let state = query.choice("state", of: WebhookDelivery.State.self)
        let page = query.page()
        try query.finish()
        let deliveries = try plane.file.read { db in
            try WebhookStore.deliveries(
                db, webhook: webhook.id, state: state, before: page.after, limit: page.limit + 1)
        }
        return .json(page.answer(deliveries, cursor: \.id.text, json: \.json))
    }

    /// Sends one message now and says what came of it. One that arrives takes back a webhook that was given up.
    private func test(_ request: Request, _ context: AdminContext) async throws -> Response {
        let webhook = try stored(context)
        try await request.requireEmptyBody()
        let delivery = try await plane.webhooks.test(webhook, prove: plane.prove(context)) {
            plane.audit(context, "webhook.enable", webhook.id.text)
        }
        return try await plane.reply(context, .ok(delivery.json))
    }

    private func stored(_ context: AdminContext) throws -> Webhook {
        let id = ID<Webhook>(try context.parameter("webhook"))
        guard let webhook = try plane.file.read({ db in try WebhookStore.webhook(db, id) }) else {
            throw Problem.notFound("webhook")
        }
        return webhook
    }
}
