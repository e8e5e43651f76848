"""A night with traces, log, exported metrics and lineage, beside the same night with nothing of it.

Nights take turns, and their order is turned around each time, for machines are now faster, now slower. What
counts is the CPU that the night's processes take: the collector is another program's. Nights differ by more
than what telemetry takes, so some more are run with a timer that samples where their CPU goes.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measurement import BenchError
from bench.nights import NightsTaken
from bench.options import Options
from bench.prepare.kinds import BINARY
from bench.results import write
from bench.season import Season
from bench.table import rows_of, seconds, table
from bench.workspace import Workspace

NAME = "telemetry"

_ROWS = 10_000
_HTTP, _GRPC = 43181, 43171
"""Ports of the collector."""


def run(options: Options, workspace: Workspace) -> None:
    """Measure pairs of nights."""
    for rows in options.rows or (_ROWS,):
        folder = workspace.folder / f"telemetry-{rows}"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            with _collector() as environ:
                found = _pairs(options, Season(workspace, folder, rows, BINARY), folder, environ)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        write(NAME, rows_of(rows), {"rows": rows, **found})


@contextmanager
def _collector() -> Iterator[dict[str, str]]:
    """A collector that throws everything away, and the variables that lead to it."""
    try:
        import rotel
    except ImportError as error:
        raise BenchError("there is no collector: pip install rotel") from error
    command = [str(Path(rotel.__file__).with_name("rotel-agent")), "start", "--exporter", "blackhole"]
    command += ["--otlp-http-endpoint", f"127.0.0.1:{_HTTP}", "--otlp-grpc-endpoint", f"127.0.0.1:{_GRPC}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{_HTTP}", "OBS_TRACES": "otlp,mlflow"}
    finally:
        process.terminate()
        process.wait()


def _pairs(options: Options, season: Season, folder: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    events = {"type": "file", "log_file_path": str(folder / "lineage.jsonl"), "append": True}
    on = {
        **environ,
        "OBS_LOG_FILE": str(folder / "obs.log"),
        "OBS_EXPORTS": f"textfile://{folder / 'obs.prom'}",
        "OPENLINEAGE__TRANSPORT": json.dumps(events),
    }
    # the first night prepares the baseline, and what was never imported is compiled
    nights = [season.night(options.limits), season.night(options.limits, environ=on)]
    pairs: list[tuple[NightsTaken, NightsTaken]] = []
    for number in range(options.repeats):
        order = ({}, on) if number % 2 else (on, {})
        taken = [season.night(options.limits, environ=each) for each in order]
        nights += taken
        pairs.append((taken[order.index({})], taken[order.index(on)]))
    program = [sys.executable, "-m", "bench.measured.telemetry"]
    sampled = {
        name: [season.night(options.limits, environ=each, program=program) for _ in range(options.repeats)]
        for name, each in (("off", {}), ("on", on))
    }
    nights += [*sampled["off"], *sampled["on"]]
    # lines of the log, and what stages take, are there without any of it
    always = _told(sampled["off"])
    besides = statistics.median(one["telemetry"] / cpu for cpu, one in always) if always else 0.0
    told = _told(sampled["on"])
    return {
        "failure": next((each.failure for each in nights if each.failure), ""),
        "always": besides,
        "shares": sorted(one["telemetry"] / (cpu - one["telemetry"]) - besides for cpu, one in told),
        "share_error": max((one["error"] / cpu for cpu, one in told), default=0.0),
        "telemetry": statistics.median(one["telemetry"] for _, one in told) if told else 0.0,
        "pairs": len(pairs),
        "off": statistics.median(off.cpu for off, _ in pairs),
        "on": statistics.median(on.cpu for _, on in pairs),
        "ratios": sorted(on.cpu / off.cpu for off, on in pairs),
    }


def _told(nights: Sequence[NightsTaken]) -> list[tuple[float, dict[str, Any]]]:
    """The CPU of each night, and what was sampled of it."""
    return [(each.cpu, json.loads(each.told)) for each in nights if not each.failure]


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """What the results come to."""
    return [
        (f"telemetry of a night of {case} rows, everything on", f"{_share(each['measured'])} CPU")
        for case, each in cases.items()
        if not each["measured"]["failure"]
    ]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as a table in Markdown."""
    head = ["rows", "CPU s, off", "CPU s, everything on", "in its code", "of the rest", "95 %"]
    head += ["of pairs of nights", "least", "most", "pairs"]
    return table(head, [_line(case, each["measured"]) for case, each in cases.items()])


def _line(case: str, took: dict[str, Any]) -> list[str]:
    if took["failure"]:
        return [case, took["failure"]]
    least, *_, most = (f"{100 * (ratio - 1):+.1f} %" for ratio in took["ratios"])
    took_all = [seconds(took[name]) for name in ("off", "on", "telemetry")]
    low, high = took["shares"][0] - took["share_error"], took["shares"][-1] + took["share_error"]
    ends = f"{100 * low:.1f} to {100 * high:.1f} %"
    return [case, *took_all, _share(took), ends, _more(took), least, most, str(took["pairs"])]


def _share(took: dict[str, Any]) -> str:
    return f"{100 * statistics.median(took['shares']):+.1f} %"


def _more(took: dict[str, Any]) -> str:
    return f"{100 * (statistics.median(took['ratios']) - 1):+.1f} %"
