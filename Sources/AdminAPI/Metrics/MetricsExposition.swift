import Billing
import Proxy
import Tenancy

/// The figures of one scrape as Prometheus text.
enum MetricsExposition {
    static func text(_ sample: MetricsSample) -> String {
        var text = MetricText()
        traffic(sample.proxy, &text)
        CallFamilies.write(sample.proxy.calls, &text)
        BackendFamilies.write(sample.pools, sample.proxy, &text)
        budgets(sample, &text)
        ledger(sample.ledger, diskFree: sample.diskFree, &text)
        keys(sample, &text)
        if let figures = sample.backups { backups(figures, &text) }
        settings(sample, &text)
        if let figures = sample.spans { spans(figures, &text) }
        process(sample, &text)
        return text.text
    }

    private static func traffic(_ proxy: ProxyMetricsSnapshot, _ text: inout MetricText) {
        text.family("tollgate_requests_total", .counter, "Requests by how they ended.")
        for (labels, count) in proxy.requests.sorted(by: { order($0.key) < order($1.key) }) {
            text.sample(
                "tollgate_requests_total",
                [
                    "tenant": labels.tenant, "pool": labels.pool, "model": labels.model, "outcome": labels.outcome,
                ], String(count))
        }
        let counts = [
            ("tollgate_tokens_total", "Tokens settled, by meter.", proxy.tokens),
            ("tollgate_units_total", "Images, seconds and other units settled, by meter.", proxy.units),
        ]
        for (name, help, figures) in counts {
            text.family(name, .counter, help)
            for (labels, count) in figures.sorted(by: { order($0.key) < order($1.key) }) {
                text.sample(
                    name, ["tenant": labels.tenant, "model": labels.model, "meter": labels.meter], String(count))
            }
        }
        text.family("tollgate_cost_usd_total", .counter, "US dollars settled.")
        for (labels, cost) in proxy.cost.sorted(by: { order($0.key) < order($1.key) }) {
            text.sample(
                "tollgate_cost_usd_total", ["tenant": labels.tenant, "model": labels.model], cost.decimal)
        }
        text.histogram(
            "tollgate_gateway_overhead_seconds", "Time the gateway itself added to a request.", proxy.overhead)
        text.histogram(
            "tollgate_time_to_first_token_seconds", "Time from the whole request to the first event relayed.",
            proxy.timeToFirstToken)
    }

    private static func budgets(_ sample: MetricsSample, _ text: inout MetricText) {
        let families: [(name: String, help: String, amount: (BudgetState) -> Money)] = [
            ("tollgate_budget_limit_usd", "The cap of the window.", { $0.limit }),
            ("tollgate_budget_posted_usd", "Spent in the window.", { $0.posted }),
            ("tollgate_budget_held_usd", "Held by live and uncertain holds.", { $0.held }),
        ]
        for family in families {
            text.family(family.name, .gauge, family.help)
            for state in sample.budgets {
                let tenant = state.budget.tenantID
                text.sample(
                    family.name,
                    ["tenant": sample.tenantNames[tenant] ?? tenant.text, "budget": state.budget.id.text],
                    family.amount(state).decimal)
            }
        }
        text.single(
            "tollgate_budgets_left_out", .gauge,
            "Budgets beyond the \(MetricsSample.budgetLimit) oldest; they have no figures here.",
            String(sample.budgetsLeftOut))
    }

    private static func backups(_ figures: BackupStatus.Figures, _ text: inout MetricText) {
        text.single(
            "tollgate_backup_newest_timestamp_seconds", .gauge, "When the newest backup was begun; 0: there is none.",
            String(figures.newest?.seconds ?? 0))
        text.single(
            "tollgate_backup_interval_seconds", .gauge, "The time from one backup to the next, as it is set.",
            String(figures.everyMS / 1000))
        text.single(
            "tollgate_backup_failures_total", .counter, "Backups that could not be made or do not add up.",
            String(figures.failures))
    }

    private static func settings(_ sample: MetricsSample, _ text: inout MetricText) {
        text.family("tollgate_reloads_total", .counter, "Reloads of the settings by how they ended.")
        text.sample("tollgate_reloads_total", ["outcome": "applied"], String(sample.reloads.applied))
        text.sample("tollgate_reloads_total", ["outcome": "refused"], String(sample.reloads.refused))
        let end = "tollgate_tls_certificate_end_timestamp_seconds"
        let failures = "tollgate_tls_handshake_failures_total"
        text.family(end, .gauge, "When the listeners' certificate ends; nothing without TLS.")
        if let certificate = sample.certificate { text.sample(end, [:], String(certificate.endsAt.seconds)) }
        text.family(failures, .counter, "Connections that ended before their TLS handshake did.")
        if let certificate = sample.certificate { text.sample(failures, [:], String(certificate.failedHandshakes)) }
    }

    private static func spans(_ figures: SpanExporter.Counters, _ text: inout MetricText) {
        text.family("tollgate_trace_spans_total", .counter, "Spans of recorded calls by what became of them.")
        text.sample("tollgate_trace_spans_total", ["result": "exported"], String(figures.exported))
        text.sample("tollgate_trace_spans_total", ["result": "dropped"], String(figures.dropped))
    }

    private static func ledger(_ ledger: LedgerCounters, diskFree: UInt64?, _ text: inout MetricText) {
        let journal = ledger.journal
        text.single("tollgate_journal_pending", .gauge, "Jobs that wait for the writer.", String(journal.pending))
        text.histogram(
            "tollgate_journal_commit_seconds", "Duration of commits.",
            bounds: JournalCounters.bounds.map { MetricText.seconds(nanoseconds: $0) }, counts: journal.commitCounts,
            sum: MetricText.seconds(nanoseconds: journal.commitNanoseconds), count: journal.commits)
        let counters: [(name: String, help: String, value: UInt64)] = [
            ("tollgate_ledger_excess_total", "Attempts that cost more than was held for them.", ledger.excess),
            ("tollgate_estimated_total", "Attempts whose usage was estimated.", ledger.estimated),
            ("tollgate_unanswered_total", "Attempts that were sent and never answered.", ledger.unanswered),
        ]
        for counter in counters { text.single(counter.name, .counter, counter.help, String(counter.value)) }
        if let free = diskFree {
            text.single("tollgate_disk_free_bytes", .gauge, "Bytes free on the database's disk.", String(free))
        }
    }

    private static func keys(_ sample: MetricsSample, _ text: inout MetricText) {
        let hasher = sample.hasher
        text.single("tollgate_argon2_total", .counter, "argon2 runs finished.", String(hasher.total))
        text.histogram(
            "tollgate_argon2_seconds", "Duration of argon2 runs.",
            bounds: KeyHasherCounters.boundsMS.map { MetricText.seconds(nanoseconds: $0 * 1_000_000) },
            counts: hasher.buckets, sum: MetricText.seconds(nanoseconds: hasher.nanoseconds),
            count: hasher.total)
        text.single(
            "tollgate_argon2_rejected_total", .counter, "argon2 runs refused because too many wait.",
            String(hasher.rejected))
        text.single(
            "tollgate_key_cache_hits_total", .counter, "Presented keys judged from memory.", String(sample.keyHits))
        text.single(
            "tollgate_key_cache_misses_total", .counter, "Presented keys handed to argon2.", String(sample.keyMisses))
    }

    private static func process(_ sample: MetricsSample, _ text: inout MetricText) {
        text.family("tollgate_build_info", .gauge, "Always 1; the label tells the version.")
        text.sample("tollgate_build_info", ["version": sample.version], "1")
        text.single(
            "tollgate_log_lines_dropped_total", .counter, "Log lines nobody took in time.",
            String(sample.droppedLogLines))
        let refusals = "tollgate_listener_refusals_total"
        text.family(refusals, .counter, "Requests and connections that the listeners beside the data plane's refused.")
        for (plane, counts) in sample.refusals {
            for (code, count) in counts.sorted(by: { $0.key < $1.key }) {
                text.sample(refusals, ["plane": plane, "code": code], String(count))
            }
        }
        let usage = sample.process
        text.single(
            "process_cpu_seconds_total", .counter, "User and system time.",
            FixedPoint.text(usage.cpuTicks, fractionDigits: 2))
        text.single("process_resident_memory_bytes", .gauge, "Resident memory.", String(usage.residentBytes))
        text.single("process_virtual_memory_bytes", .gauge, "Virtual memory.", String(usage.virtualBytes))
        text.single("process_open_fds", .gauge, "Open file descriptors.", String(usage.openFiles))
        text.single("process_max_fds", .gauge, "File descriptors allowed.", String(usage.maxFiles))
        text.single(
            "process_start_time_seconds", .gauge, "Start of the process since 1970.",
            FixedPoint.text(usage.startedCentiseconds, fractionDigits: 2))
    }

    private static func order(_ labels: RequestLabels) -> (String, String, String, String) {
        (labels.tenant, labels.pool, labels.model, labels.outcome)
    }

    private static func order(_ labels: TokenLabels) -> (String, String, String) {
        (labels.tenant, labels.model, labels.meter)
    }

    private static func order(_ labels: CostLabels) -> (String, String) {
        (labels.tenant, labels.model)
    }
}
