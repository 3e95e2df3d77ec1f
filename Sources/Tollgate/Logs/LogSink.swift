import Dispatch
import NIOCore
import Proxy
import Synchronization
import Tenancy

/// Takes lines from any thread without waiting and writes them on a thread of its own.
///
/// While whoever reads them does not, lines pile up to a bound; those beyond it are dropped, counted, and the count is
/// written once there is room again.
final class LogSink: Sendable {
    /// What becomes a line: the texts of requests are made by the writing thread, not on the event loops.
    enum Entry: Sendable {
        case text(String)
        case request(RequestLine)
    }

    /// Writes bytes, however long that takes.
    typealias Write = @Sendable (UnsafeRawBufferPointer) -> Void

    private struct State {
        var entries: [Entry] = []
        /// The writer sleeps, and the next entry wakes it.
        var isIdle = true
        /// Dropped since the last line about it.
        var unsaid: UInt64 = 0
        var isStarted = false
    }

    private static let initialBytes = 64 * 1024

    private let format: LogFormat
    private let capacity: Int
    private let write: Write
    private let time: any TimeSource
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let droppedCount = Atomic<UInt64>(0)

    /// Nothing is written before `start`. `capacity`: entries that may wait.
    init(format: LogFormat, capacity: Int = 16_384, time: any TimeSource = SystemClock(), write: @escaping Write) {
        self.format = format
        self.capacity = capacity
        self.time = time
        self.write = write
    }

    /// Lines that were dropped since the start.
    var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Starts the writing thread; false if there is none to have, and then every `put` writes by itself.
    func start() -> Bool {
        let isStarted = WorkerThread.start { self.run() }
        state.withLock { $0.isStarted = isStarted }
        return isStarted
    }

    func put(_ entry: Entry) {
        let (wakes, writesItself) = state.withLock { state -> (Bool, Bool) in
            guard state.isStarted else { return (false, true) }
            guard state.entries.count < capacity else {
                state.unsaid += 1
                droppedCount.add(1, ordering: .relaxed)
                return (false, false)
            }
            state.entries.append(entry)
            defer { state.isIdle = false }
            return (state.isIdle, false)
        }
        if wakes { ready.signal() }
        if writesItself { writeOut([entry], dropped: 0) }
    }

    /// Waits until all that was put is written, for at most so many milliseconds.
    func flush(milliseconds: Int) {
        let pause = DispatchSemaphore(value: 0)
        for _ in 0..<milliseconds {
            if state.withLock({ $0.isIdle || !$0.isStarted }) { return }
            _ = pause.wait(timeout: .now() + .milliseconds(1))
        }
    }

    private func run() {
        while true {
            let (entries, dropped) = state.withLock { state -> ([Entry], UInt64) in
                let taken = state.entries
                let unsaid = state.unsaid
                state.entries = []
                state.unsaid = 0
                state.isIdle = taken.isEmpty && unsaid == 0
                return (taken, unsaid)
            }
            if entries.isEmpty && dropped == 0 { ready.wait() } else { writeOut(entries, dropped: dropped) }
        }
    }

    private func writeOut(_ entries: [Entry], dropped: UInt64) {
        var bytes = ByteBufferAllocator().buffer(capacity: 1024)
        for entry in entries {
            switch entry {
            case .text(let text): bytes.writeString(text)
            case .request(let line): append(line, to: &bytes)
            }
            bytes.writeStaticString("\n")
            if bytes.readableBytes >= Self.initialBytes { writeOut(&bytes) }
        }
        if dropped > 0 {
            let line = LogLine(
                time: time.now().rfc3339, level: "warning", logger: "tollgate", message: "log lines were dropped",
                fields: ["count": .string(String(dropped))])
            bytes.writeString(line.text(as: format) + "\n")
        }
        writeOut(&bytes)
    }

    private func writeOut(_ bytes: inout ByteBuffer) {
        bytes.withUnsafeReadableBytes { write($0) }
        bytes.clear()
    }

    private func append(_ line: RequestLine, to bytes: inout ByteBuffer) {
        let json = line.json()
        switch format {
        case .json: bytes.writeImmutableBuffer(json)
        case .text:
            let members = JSONValue(bytes: Array(json.readableBytesView))?.members ?? [:]
            let fixed = ["time", "level", "logger", "message"]
            let text = LogLine(
                time: members["time"]?.string ?? "", level: "info", logger: "tollgate",
                message: members["message"]?.string ?? "", fields: members.filter { !fixed.contains($0.key) })
            bytes.writeString(text.text(as: .text))
        }
    }
}
