"""What the log of a service costs its requests, and how many rows a process writes."""

from __future__ import annotations

from typing import Any

from bench.measurement import measure
from bench.options import Options
from bench.results import write
from bench.table import rows_of, table
from bench.workspace import Workspace, say

NAME = "serving"

_REQUESTS = 100_000
_WAYS = {
    "record": "`log.record` alone",
    "middleware": "the ASGI middleware and `log.record`",
    "parquet": "the same, as Parquet",
    "prometheus": "the same, with Prometheus' histogram and exemplars",
    "spans": "the same, with a span of OpenTelemetry's SDK, made afterwards",
}


def run(options: Options, workspace: Workspace) -> None:
    """Measure every way."""
    del workspace
    for requests in options.rows or (_REQUESTS,):
        found: dict[str, Any] = {"rows": requests}
        for way in _WAYS:
            say(f"Serving {rows_of(requests)} requests, {way}")
            arguments = {"way": way, "requests": requests}
            found[way] = measure(NAME, arguments, limits=options.limits, repeats=options.repeats).to_json()
        write(NAME, rows_of(requests), found)


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What a request pays, and what a process writes."""
    lines = []
    for each in cases.values():
        took = each["measured"]["middleware"]
        if not took["failure"]:
            facts = took["facts"]
            told = f"{facts['micros']:.0f} µs a request, {facts['per_second']:,.0f} rows/s of a core"
            lines.append(("a service's log, 20 features", told))
    return lines


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    lines = []
    for each in cases.values():
        for way, name in _WAYS.items():
            took = each["measured"][way]
            if took["failure"]:
                lines.append([name, took["failure"], "", "", ""])
                continue
            facts = took["facts"]
            lines.append(
                [
                    name,
                    f"{facts['micros']:.1f}",
                    f"{facts['per_second']:,.0f}",
                    f"{facts['dropped']:,}",
                    f"{1000 * took['imports']:.0f}",
                ]
            )
    titles = ["way", "µs a request", "rows/s of a core", "dropped", "import, ms"]
    return table(titles, lines, words=1)
