import ArgumentParser
import Foundation

/// `tollgate webhooks`: who hears of events. A new one's signing secret is shown once, by `create`.
enum Webhooks: ResourceKind {
    static let resource = Resource(
        name: "webhooks", singular: "webhook", naming: .id,
        columns: ["id", "url", "enabled", "events", "failing_since", "dropped", "created_at", "disabled_reason"],
        fields: Field.webhook)

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Webhooks>.self, ShowCommand<Webhooks>.self, CreateCommand<Webhooks>.self,
            DeleteCommand<Webhooks>.self, ActionCommand<Test>.self, ListPartCommand<Deliveries>.self,
        ]
    }

    enum Test: ResourceAction {
        typealias Kind = Webhooks
        static let verb = "test"
        static let method = "POST"
        static let abstract = "Send a message now and show what came of it."
    }

    enum Deliveries: ResourcePart {
        typealias Kind = Webhooks
        static let name = "deliveries"
        static let abstract = "List the messages of a webhook, the newest first."
        static let columns = [
            "created_at", "event", "state", "status", "error", "attempts", "next_attempt_at", "latency_ms", "id",
        ]
    }

    struct Creation: CreateScope {
        @Option(name: .customLong("to"), help: "The address that messages are posted to.")
        var address: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            address.map { ["url": $0] } ?? [:]
        }
    }
}
