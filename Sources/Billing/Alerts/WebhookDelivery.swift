public import Tenancy

/// One message to one webhook, and what came of the attempts to deliver it.
public struct WebhookDelivery: Sendable, Equatable {
    /// How far it is.
    public enum State: String, CaseIterable, Sendable {
        /// It has not arrived and will be tried.
        case pending
        /// The receiver answered with a 2xx.
        case delivered
        /// It was given up.
        case failed
    }

    /// `whd_…`
    public let id: ID<WebhookDelivery>
    /// Whose it is.
    public let webhookID: ID<Webhook>
    /// The `webhook-id` of every attempt.
    public let messageID: String
    /// The type of its event.
    public let event: String
    /// What is signed and sent.
    public let body: String
    /// When its event happened.
    public let createdAt: Timestamp
    /// How far it is.
    public var state = State.pending
    /// When it is tried next; nil once it is over.
    public var nextAt: Timestamp?
    /// How often it was tried.
    public var attempts: Int64 = 0
    /// When the last attempt ended.
    public var lastAt: Timestamp?
    /// The HTTP status of the last attempt; nil: there was no answer.
    public var status: Int64?
    /// Why the last attempt failed.
    public var error: String?
    /// How long the last attempt took.
    public var milliseconds: Int64?

    /// A message that is due at once.
    public init(
        id: ID<WebhookDelivery>,
        webhookID: ID<Webhook>,
        messageID: String,
        event: String,
        body: String,
        createdAt: Timestamp
    ) {
        self.id = id
        self.webhookID = webhookID
        self.messageID = messageID
        self.event = event
        self.body = body
        self.createdAt = createdAt
        nextAt = createdAt
    }
}
