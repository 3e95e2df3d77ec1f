import Billing
import Tenancy
import Testing

@testable import AdminAPI
@testable import Proxy

@Suite struct MetricsExpositionTests {
    @Test("every family has HELP and TYPE, once, before its samples")
    func families() {
        var known: Set<Substring> = []
        var types: [Substring: Substring] = [:]
        for line in MetricsExposition.text(sample()).split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP") {
                #expect(known.insert(words[2]).inserted)
            } else if line.hasPrefix("# TYPE") {
                types[words[2]] = words[3]
            } else {
                var name = line.prefix { $0 != " " && $0 != "{" }
                for suffix in ["_bucket", "_sum", "_count"] where types[name] == nil && name.hasSuffix(suffix) {
                    name = name.dropLast(suffix.count)
                }
                #expect(known.contains(name) && types[name] != nil, "\(line)")
            }
        }
        #expect(known.contains("tollgate_key_cache_hits_total"))
        #expect(known.contains("process_resident_memory_bytes"))
    }

    @Test(
        "samples are written as Prometheus reads them",
        arguments: [
            #"tollgate_requests_total{tenant="ten_\"1\"",pool="a\\b",model="m\nx",outcome="ok"} 7"#,
            #"tollgate_tokens_total{tenant="t",model="m",meter="input"} 12"#,
            #"tollgate_units_total{tenant="t",model="m",meter="image"} 2"#,
            #"tollgate_cost_usd_total{tenant="t",model="m"} 0.000000000001"#,
            #"tollgate_gateway_overhead_seconds_bucket{le="0.001"} 1"#,
            #"tollgate_gateway_overhead_seconds_bucket{le="1"} 3"#,
            #"tollgate_gateway_overhead_seconds_bucket{le="+Inf"} 6"#,
            "tollgate_gateway_overhead_seconds_sum 2.5",
            "tollgate_gateway_overhead_seconds_count 6",
            #"tollgate_budget_limit_usd{tenant="research",budget="bud_a"} 10"#,
            #"tollgate_budget_posted_usd{tenant="research",budget="bud_a"} 1.5"#,
            #"tollgate_budget_held_usd{tenant="research",budget="bud_a"} 0.25"#,
            #"tollgate_budget_held_usd{tenant="ten_gone",budget="bud_b"} 0.25"#,
            "tollgate_budgets_left_out 4", "tollgate_disk_free_bytes 18446744073709551615",
            "tollgate_backup_newest_timestamp_seconds 0", "tollgate_backup_interval_seconds 3600",
            #"tollgate_listener_refusals_total{plane="admin",code="invalid_request"} 2"#,
            #"tollgate_journal_commit_seconds_bucket{le="0.00025"} 0"#,
            #"tollgate_backend_up{pool="p",backend="a"} 0"#,
            #"tollgate_backend_in_flight{pool="p",backend="a"} 3"#,
            #"tollgate_backend_cooling{pool="p",backend="a"} 1"#,
            #"tollgate_backend_ewma_latency_seconds{pool="p",backend="a"} 0.25"#,
            #"tollgate_backend_errors_total{pool="p",backend="a",reason="rate_limited"} 2"#,
            #"tollgate_pool_waiting{pool="p"} 5"#,
            #"tollgate_emergency_total{pool="p",backend="a\"\#u{301}",outcome="answered"} 1"#,
            "tollgate_ledger_excess_total 4",
            #"tollgate_reloads_total{outcome="applied"} 2"#,
            #"tollgate_reloads_total{outcome="refused"} 1"#,
            "tollgate_tls_certificate_end_timestamp_seconds 1800000000",
            "tollgate_tls_handshake_failures_total 3",
            #"tollgate_argon2_seconds_bucket{le="0.005"} 0"#,
            #"tollgate_build_info{version="1.2.3"} 1"#,
            "process_cpu_seconds_total 12.34",
            "process_start_time_seconds 1700000000.5",
            #"tollgate_trace_spans_total{result="exported"} 5"#, #"tollgate_trace_spans_total{result="dropped"} 1"#,
            #"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai","#
                + #"gen_ai_original_model="m",gen_ai_request_model="up",gen_ai_response_model="up","#
                + #"error_type="upstream_error",gen_ai_token_type="output"} 2.5"#,
            #"gen_ai_server_request_duration_seconds_bucket{gen_ai_operation_name="chat","#
                + #"gen_ai_provider_name="openai","#
                + #"gen_ai_original_model="m",gen_ai_request_model="up",gen_ai_response_model="up","#
                + #"error_type="upstream_error",le="1"} 3"#,
        ])
    func golden(line: String) {
        #expect(MetricsExposition.text(sample()).split(separator: "\n").contains(line[...]))
    }

    @Test("the process tells its memory, files and start")
    func process() {
        let usage = ProcessUsage.current()
        #expect(usage.residentBytes > 1 << 20)
        #expect(usage.openFiles >= 3)
        #expect(usage.maxFiles > 0)
        #expect(usage.startedCentiseconds > 160_000_000_000)
    }

    private func sample() -> MetricsSample {
        let histogram = HistogramSnapshot(bounds: [0.001, 1], counts: [1, 2, 3], sum: 2.5, count: 6)
        var sample = MetricsSample(
            proxy: ProxyMetricsSnapshot(
                requests: [RequestLabels(tenant: "ten_\"1\"", pool: "a\\b", model: "m\nx", outcome: "ok"): 7],
                tokens: [TokenLabels(tenant: "t", model: "m", meter: "input"): 12],
                units: [TokenLabels(tenant: "t", model: "m", meter: "image"): 2],
                cost: [CostLabels(tenant: "t", model: "m"): Money(pico: 1)],
                emergencies: [EmergencyLabels(pool: "p", backend: "a\"\u{301}", outcome: "answered"): 1],
                overhead: histogram, timeToFirstToken: histogram))
        sample.budgets = [state("bud_a", of: "ten_a"), state("bud_b", of: "ten_gone")]
        sample.budgetsLeftOut = 4
        sample.diskFree = .max
        sample.backups = BackupStatus(everyMS: 3_600_000).figures
        sample.refusals = [("admin", ["invalid_request": 2])]
        sample.tenantNames = [ID("ten_a"): "research"]
        let cooling = BackendStatus.Cooling(until: Timestamp(microseconds: 1), reason: "rate_limited")
        sample.pools = [
            PoolStatus(
                name: "p", waiting: 5,
                backends: [
                    BackendStatus(
                        id: "be_a", name: "a", pool: "p", state: .cooling, inFlight: 3, draining: false,
                        healthy: true, cooling: cooling, lastError: nil, ewmaLatencyMS: 250,
                        errors: ["rate_limited": 2])
                ])
        ]
        let call = CallLabels(
            operation: "chat", provider: "openai", originalModel: "m", requestModel: "up", errorType: "upstream_error")
        sample.proxy.calls[call] = CallHistogramsSnapshot(
            input: histogram, output: histogram, duration: histogram, firstToken: histogram, perOutputToken: histogram)
        var spans = SpanExporter.Counters()
        spans.exported = 5
        spans.dropped = 1
        sample.spans = spans
        sample.ledger.excess = 4
        sample.reloads.applied = 2
        sample.reloads.refused = 1
        sample.certificate = (Timestamp(microseconds: 1_800_000_000_000_000), 3)
        sample.version = "1.2.3"
        sample.process.cpuTicks = 1234
        sample.process.startedCentiseconds = 170_000_000_050
        return sample
    }

    private func state(_ id: String, of tenant: String) -> BudgetState {
        let budget = Budget(
            id: ID(id), tenantID: ID(tenant), limit: Money(pico: 10_000_000_000_000), window: .month,
            createdAt: Timestamp(microseconds: 0))
        return BudgetState(
            budget: budget, posted: Money(pico: 1_500_000_000_000), held: Money(pico: 250_000_000_000),
            remaining: .zero, windowStart: nil, resetsAt: nil)
    }
}
