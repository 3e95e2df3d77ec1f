"""The results as Markdown tables."""

from collections.abc import Iterable

from .measure import Plan, Results, plain_load

DIRECT, NGINX, TOLLGATE = "direct", "nginx", "tollgate"


def render(results: Results, plan: Plan, gateways: list[str]) -> str:
    sections = [_head(results, plan), _plain(results, plan, gateways), _latency(results, gateways),
                _streams(results, plan, gateways)]
    if TOLLGATE in gateways:
        sections.append(_process(results))
    return "\n\n".join(sections) + "\n"


def _table(columns: list[str], rows: Iterable[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (columns, rule, *rows))


def _head(results: Results, plan: Plan) -> str:
    facts = results.facts
    return "\n".join([
        f"## {facts['date']}, commit {facts['commit']}", "",
        f"`{facts['command']}`", "",
        f"{facts['cpu']}, kernel {facts['kernel']}, nginx {facts['nginx']}; gateway on core {facts['gateway_core']}, "
        f"load and backends on core {facts['load_core']}; {plan.rounds} interleaved rounds, {plan.seconds:g} s a step; "
        f"{facts['keys']} key(s); database on {facts['database_filesystem']}. Medians; `x nginx` is the median of the "
        "rounds' ratios.",
    ])


def _times(results: Results, gateway: str, load: str, name: str) -> str:
    return "1.00" if gateway == NGINX else f"{results.ratio(gateway, NGINX, load, name):.2f}"


def _plain(results: Results, plan: Plan, gateways: list[str]) -> str:
    rows = []
    for connections in plan.connections:
        load = plain_load(connections)
        for gateway in gateways:
            def median(name: str, gateway: str = gateway, load: str = load) -> float:
                return results.median(gateway, load, name)
            lowest = min(results.values(gateway, load, "cpu_us"))
            rows.append([
                f"{gateway}, {load}", f"{median('cpu_us'):.1f} ({lowest:.1f})",
                _times(results, gateway, load, "cpu_us"),
                f"{median('user_us'):.1f} / {median('cpu_us') - median('user_us'):.1f}", f"{median('per_second'):,.0f}",
                f"{median('p50_us') / 1000:.2f}", f"{median('p99_us') / 1000:.2f}", f"{median('busy'):.0%}",
            ])
    columns = ["1 KB POST, 0.7 KB JSON answer", "CPU us/request (lowest)", "x nginx", "user / system", "requests/s",
               "p50 ms", "p99 ms", "core busy"]
    return "### Plain requests\n\n" + _table(columns, rows)


def _latency(results: Results, gateways: list[str]) -> str:
    load = plain_load(1)
    base = results.median(DIRECT, load, "p50_us")
    rows = [["direct to the backend", f"{base:.0f}", f"{results.median(DIRECT, load, 'p99_us'):.0f}", "", ""]]
    for gateway in gateways:
        p50 = results.median(gateway, load, "p50_us")
        over_nginx = "" if gateway == NGINX else f"{p50 - results.median(NGINX, load, 'p50_us'):.0f}"
        rows.append([gateway, f"{p50:.0f}", f"{results.median(gateway, load, 'p99_us'):.0f}", f"{p50 - base:.0f}",
                     over_nginx])
    columns = ["one connection", "p50 us", "p99 us", "p50 added to direct, us", "p50 added to nginx, us"]
    return "### Added latency\n\n" + _table(columns, rows)


def _streams(results: Results, plan: Plan, gateways: list[str]) -> str:
    rows = []
    for shape in plan.shapes:
        for gateway in gateways:
            def median(name: str, gateway: str = gateway, load: str = shape.title) -> float:
                return results.median(gateway, load, name)
            rows.append([
                f"{gateway}, {shape.title}", f"{median('cpu_us'):.1f}", _times(results, gateway, shape.title, "cpu_us"),
                f"{median('per_second'):,.0f}",
                f"{median('delay_p50_us') / 1000:.2f} / {median('delay_p99_us') / 1000:.2f}",
                f"{median('first_p50_us') / 1000:.1f} / {median('first_p99_us') / 1000:.1f}", f"{median('busy'):.0%}",
            ])
    columns = [f"{plan.shapes[0].chunks} chunks of 0.2 KB a stream", "CPU us/chunk", "x nginx", "chunks/s",
               "delay of a chunk p50 / p99 ms", "first chunk p50 / p99 ms", "core busy"]
    return "### Streams\n\n" + _table(columns, rows)


def _process(results: Results) -> str:
    facts = results.facts
    rows = [
        ["start to first served request, cold key, ms", f"{facts['start_seconds'] * 1000:.0f}"],
        ["RSS after the first request, MiB", f"{facts['rss_idle_kib'] / 1024:.1f}"],
        ["RSS after all load, MiB", f"{facts['rss_after_kib'] / 1024:.1f}"],
        ["RSS, peak of the run, MiB", f"{facts['rss_peak_kib'] / 1024:.1f}"],
        ["spend posted in the run, USD", facts["budget_posted"]],
        ["still held at the end, USD", facts["budget_held"]],
        ["`tollgate verify` after the run", "clean" if facts["verified"] else "DIFFERENCES"],
    ]
    return "### Process and ledger\n\n" + _table(["tollgate", "value"], rows)
