import AdminAPI
import Billing
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Keeps alerts and webhooks going: four times a second it sends what is due, once a second it asks the ledger for
/// thresholds that were reached, and every ten seconds for forecasts and for what changed without a call.
final class AlertService: Service {
    private static let beatMS: Int64 = 250
    private static let beatsPerLook = 4
    private static let beatsPerSweep = 40

    private let ledger: Ledger
    private let webhooks: WebhookSender
    private let backends: BackendWatch
    /// Milliseconds for which details are kept beside the ledger.
    private let detailMS: Int64
    private let logger: Logger
    private let isLooking = Atomic<Bool>(false)
    private let beats = Atomic<Int>(0)

    init(ledger: Ledger, webhooks: WebhookSender, backends: BackendWatch, detailMS: Int64, logger: Logger) {
        self.ledger = ledger
        self.webhooks = webhooks
        self.backends = backends
        self.detailMS = detailMS
        self.logger = logger
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let beat = TimeAmount.milliseconds(Self.beatMS)
        let ticks = loop.scheduleRepeatedTask(initialDelay: beat, delay: beat) { _ in
            Task { await self.beat() }
        }
        try await gracefulShutdown()
        ticks.cancel()
        await look(sweeping: false)
        await webhooks.stop()
    }

    /// What takes longer than a beat is not started twice.
    private func beat() async {
        let number = beats.add(1, ordering: .relaxed).oldValue
        if number % Self.beatsPerLook == 0,
            isLooking.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        {
            let isSweep = number % Self.beatsPerSweep == 0
            await look(sweeping: isSweep)
            if isSweep { await prune() }
            isLooking.store(false, ordering: .releasing)
        }
        webhooks.tick()
    }

    private func prune() async {
        await webhooks.prune(keptMS: detailMS)
        do {
            try await ledger.pruneAlertMarks(keptMS: detailMS)
        } catch {
            logger.warning("details are kept longer", metadata: ["reason": "\(error)"])
        }
    }

    private func look(sweeping: Bool) async {
        await backends.flush()
        do {
            try await ledger.raiseAlerts(sweeping: sweeping)
        } catch {
            logger.warning("alerts wait", metadata: ["reason": "\(error)"])
        }
    }
}
