"""The benchmark's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.process import Limits

_UNITS = {"k": 1_000, "M": 1_000_000}
#: From this many rows on a run is not repeated.
_LARGE = 10_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and how.

    Attributes:
        parts: the parts to measure, in order.
        report: whether the report is written afterwards.
        rows: numbers of rows; empty: each part's own.
        days: how many days, where a part is about days; None: each part's own.
        monitors: how many monitors, where a part is about many; None: each part's own.
        tools: which tools the evaluation compares; empty: all.
        worlds: those in which faults are looked for; empty: all.
        cases: the faults, such as `nulls/1`; empty: all. Of some, results are shown and not kept.
        repeats: runs whose median counts; see `repeats_at`.
        limits: of each run.
        data: keeps generated data for further runs; None: a folder that is removed.
    """

    parts: tuple[str, ...]
    report: bool
    rows: tuple[int, ...]
    days: int | None
    monitors: int | None
    tools: tuple[str, ...]
    worlds: tuple[str, ...]
    cases: tuple[str, ...]
    repeats: int
    limits: Limits
    data: Path | None

    def repeats_at(self, rows: int) -> int:
        """Runs at a number of rows; one is enough where it takes minutes."""
        return 1 if rows >= _LARGE else self.repeats


def number(text: str) -> int:
    """A number of rows.

    >>> number("10k"), number("1.5M"), number("250")
    (10000, 1500000, 250)
    """
    unit = _UNITS.get(text[-1:], 1)
    try:
        found = round(float(text.removesuffix(text[-1]) if unit > 1 else text) * unit)
    except ValueError:
        found = 0
    if found < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows such as 250, 10k or 1M")
    return found


def parse(arguments: Sequence[str] | None, parts: Sequence[str], tools: Sequence[str]) -> Options:
    """Read the command line.

    Args:
        arguments: without the program's name; None: the process's.
        parts: the parts that there are.
        tools: the tools that the evaluation can compare.
    """
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures obs-dagster, beside its peers where they do the same. Results go to "
        "bench/results, and `report` writes them into docs/performance.md.",
    )
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help=f"{', '.join(parts)} or report; left out: all of them",
    )
    parser.add_argument(
        "--rows", type=number, nargs="+", default=[], help="such as 100k 1M; left out: each part's own"
    )
    parser.add_argument("--days", type=int, help="of the parts about days: backfill, windows")
    parser.add_argument("--monitors", type=int, help="of the part about many of them: fleet")
    parser.add_argument(
        "--tools", nargs="+", choices=tools, default=[], help="of the evaluation; left out: all"
    )
    parser.add_argument("--worlds", nargs="+", default=[], help="of the part detection; left out: all")
    parser.add_argument(
        "--cases", nargs="+", default=[], help="faults of detection, such as nulls/1; left out: all"
    )
    parser.add_argument(
        "--repeats",
        type=int,
        default=3,
        help="runs whose median counts, if they take seconds (default: 3)",
    )
    parser.add_argument(
        "--seconds", type=float, default=1_800, help="a run is ended after these (default: 1800)"
    )
    parser.add_argument(
        "--memory", type=float, default=16, help="a run is ended above these GB (default: 16)"
    )
    parser.add_argument("--data", type=Path, help="keep generated data in this folder, for further runs")
    given = parser.parse_args(arguments)
    # as `choices`, argparse would want one of them in any case
    if unknown := [name for name in given.parts if name not in {*parts, "report"}]:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(parts)} and report")
    if given.repeats < 1:
        parser.error("--repeats is at least 1")
    return Options(
        parts=tuple(name for name in given.parts if name != "report") if given.parts else tuple(parts),
        report=not given.parts or "report" in given.parts,
        rows=tuple(given.rows),
        days=given.days,
        monitors=given.monitors,
        tools=tuple(given.tools),
        worlds=tuple(given.worlds),
        cases=tuple(given.cases),
        repeats=given.repeats,
        limits=Limits(given.seconds, int(given.memory * 1e9)),
        data=given.data,
    )
