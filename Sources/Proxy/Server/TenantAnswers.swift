import Billing
import NIOCore
import Tenancy

/// What a tenant may ask about itself: its models and its balance.
struct TenantAnswers {
    let plane: DataPlane
    let principal: Principal

    /// The models this key may use, and no others.
    func models() -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.key("object")
            json.string("list")
            json.key("data")
            json.array { json in
                for model in plane.router.models() where isEntitled(model) { write(model, to: &json) }
            }
        }
        return json.buffer
    }

    /// The same, as Anthropic's clients read lists.
    func models(_ page: AnthropicModelPage) -> ByteBuffer {
        let (models, hasMore) = page.cut(plane.router.models().filter(isEntitled))
        var json = JSONWriter()
        json.object { json in
            json.key("data")
            json.array { json in
                for model in models { writeAnthropic(model, to: &json) }
            }
            json.key("has_more")
            json.bool(hasMore)
            json.key("first_id")
            json.string(models.first?.name)
            json.key("last_id")
            json.string(models.last?.name)
        }
        return json.buffer
    }

    /// One model; nil when it does not exist or the key may not use it.
    func model(_ name: String, shape: ErrorShape) -> ByteBuffer? {
        guard let model = plane.router.model(name), isEntitled(model) else { return nil }
        var json = JSONWriter()
        switch shape {
        case .openAI: write(model, to: &json)
        case .anthropic: writeAnthropic(model, to: &json)
        }
        return json.buffer
    }

    /// Budgets with what is posted, held and left, and quotas with what remains.
    func balance() -> ByteBuffer {
        let tenant = principal.tenant.tenant
        let key = principal.key.key
        let now = plane.time.now()
        var json = JSONWriter(capacity: 1024)
        json.object { json in
            json.key("object")
            json.string("balance")
            json.key("tenant")
            json.string(tenant.id.text)
            json.key("key")
            json.string(key.id.text)
            json.key("budgets")
            json.array { json in
                for state in plane.ledger.balance(tenantID: tenant.id, keyID: key.id)
                where state.budget.mode != .shadow {
                    json.budget(state, withMode: true)
                }
            }
            json.key("quotas")
            json.array { json in
                for state in plane.quotas.state(principal, at: now) { write(state, at: now, to: &json) }
            }
        }
        return json.buffer
    }

    private func isEntitled(_ model: ModelDefinition) -> Bool {
        !AdmissionController.entitledTargets(of: model, for: principal).isEmpty
    }

    private func write(_ model: ModelDefinition, to json: inout JSONWriter) {
        json.object { json in
            json.key("id")
            json.string(model.name)
            json.key("object")
            json.string("model")
            json.key("created")
            json.integer(model.createdAt.seconds)
            json.key("owned_by")
            json.string("tollgate")
        }
    }

    private func writeAnthropic(_ model: ModelDefinition, to json: inout JSONWriter) {
        json.object { json in
            json.key("type")
            json.string("model")
            json.key("id")
            json.string(model.name)
            json.key("display_name")
            json.string(model.name)
            json.key("created_at")
            json.string(model.createdAt.rfc3339)
        }
    }

    private func write(_ state: QuotaState, at now: Timestamp, to json: inout JSONWriter) {
        json.object { json in
            json.key("subject")
            json.string(state.subject.rawValue)
            json.key("limit_type")
            json.string(state.limitType.rawValue)
            json.key("limit")
            json.integer(state.limit)
            json.key("remaining")
            json.integer(state.remaining)
            json.key("resets_at")
            json.string(now.adding(milliseconds: state.resetsInMS).rfc3339)
        }
    }
}
