import Hummingbird
import Proxy
import Tenancy

/// `/master-key`: the key that seals backends' credentials and webhooks' secrets is replaced while the gateway runs.
///
/// The new key comes sealed under the present one: nobody replaces a key without having it, and no key passes in clear.
struct MasterKeyRoutes: RouteGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        [
            get("master-key", .viewers, .one("Says which master key seals the secrets", .masterKey), use: show),
            post(
                "master-key/rotate", .admins,
                .takes("Seals everything under another master key", .masterKey) { _ = Self.wrapped($0) }, use: rotate),
            post(
                "master-key/finish", .admins,
                .takes("Forgets the former master key", .masterKey) { _ = $0.required("proof", .proof, else: "") },
                use: finish),
        ]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        let key = plane.masterKey
        let (state, count) = try plane.file.read { db in
            (try MasterKeyStore.state(db), try MasterKeyRotation.check(db, with: key))
        }
        return .json(Self.json(version: state.version, isFinished: state.former == nil, count))
    }

    private func rotate(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let wrapped = Self.wrapped(body)
        try body.finish()
        return try await plane.turn.run {
            let present = plane.masterKey
            guard let next = try? present.unwrap(wrapped) else { throw RotationError.notPresent }
            let state = try plane.file.read { db in try MasterKeyStore.state(db) }
            if SecretBytes.constantTimeEquals(next.checkValue, present.checkValue) {
                // It was rotated to before; whoever asks again has missed the answer.
                let count = try plane.file.read { db in try MasterKeyRotation.check(db, with: present) }
                let isFinished = state.former == nil
                return try await plane.reply(
                    context, .ok(Self.json(version: present.version, isFinished: isFinished, count)))
            }
            return try await seal(under: next.numbered(present.version + 1), instead: present, state, context)
        }
    }

    private func seal(
        under next: MasterKey, instead present: MasterKey, _ state: MasterKeyState, _ context: AdminContext
    ) async throws -> Response {
        let action = state.isFormer(next) ? "master_key.roll_back" : "master_key.rotate"
        let audit = plane.audit(
            context, action, "master-key", before: ["version": .integer(present.version)],
            after: ["version": .integer(next.version)])
        let keys = plane.keys
        // Whoever reads between the commit and the word of it meets secrets under the new key.
        keys.update { $0.knowing(next) }
        defer { keys.update { $0.version == next.version ? $0 : present } }
        return try await plane.commit(
            context, audit: audit,
            answer: { .ok(Self.json(version: next.version, isFinished: false, $0.count)) },
            { db in
                let count = try MasterKeyRotation.begin(db, from: present.alone, to: next)
                return (count: count, snapshot: try RoutingStore.snapshot(db))
            },
            committed: { done in
                keys.update { _ in next.knowing(present) }
                plane.install(done.snapshot)
            })
    }

    private func finish(_ request: Request, _ context: AdminContext) async throws -> Response {
        let body = try await request.object()
        let proof = body.required("proof", .proof, else: "")
        try body.finish()
        return try await plane.turn.run {
            let present = plane.masterKey.alone
            guard SecretBytes.constantTimeEquals(Array(proof.utf8), Array(try MasterKeyRotation.proof(present).utf8))
            else { throw RotationError.notPresent }
            let (state, count) = try plane.file.read { db in
                (try MasterKeyStore.state(db), try MasterKeyRotation.check(db, with: present))
            }
            let answer = Answer.ok(Self.json(version: present.version, isFinished: true, count))
            guard state.former != nil else { return try await plane.reply(context, answer) }
            let audit = plane.audit(
                context, "master_key.finish", "master-key", after: ["version": .integer(present.version)])
            let keys = plane.keys
            return try await plane.commit(context, audit: audit, answer: answer) { db in
                try MasterKeyRotation.finish(db, present: present)
            } committed: {
                keys.update { $0.alone }
            }
        }
    }

    private static func wrapped(_ body: JSONObject) -> [UInt8] {
        let text = body.required("wrapped_key", .text(atMost: 256), else: "")
        guard !text.isEmpty, let bytes = Base64.decode(text) else {
            if !text.isEmpty { body.fail("wrapped_key", "must be base64") }
            return []
        }
        return bytes
    }

    private static func json(version: Int, isFinished: Bool, _ count: MasterKeyRotation.Count) -> JSONValue {
        [
            "key_version": .integer(version), "rotation": .string(isFinished ? "finished" : "unfinished"),
            "backend_keys": .integer(count.backendKeys), "webhook_secrets": .integer(count.webhookSecrets),
        ]
    }

    /// An answer, for the OpenAPI document.
    static var sample: JSONValue { json(version: 1, isFinished: true, MasterKeyRotation.Count()) }
}

extension FieldRule where Value == String {
    fileprivate static var proof: FieldRule { .text(atMost: 64) }
}
