"""A bare scan of the columns that a profile reads: the least that an evaluation can cost."""

from __future__ import annotations

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LATENCY, NUMBERS, SCORE, STATUS, VERSION


def query() -> str:
    """The SELECT list: sums of numbers, lengths of texts, a count of the true decisions."""
    sums = [f"sum({name})" for name in (*NUMBERS, SCORE, LATENCY)]
    lengths = [f"sum(strlen({name}))" for name in (*CATEGORIES, VERSION, STATUS)]
    return ", ".join([*sums, *lengths, f"count(*) FILTER ({DECISION})"])


def scan(current: str, monitor: str) -> None:
    """Read every value once."""
    clock = Clock()
    with clock.importing():
        from bench.measured import ours
        from obs_dagster.sources.files import connect

        ours.load(monitor)
    with clock.phase("scan"), connect() as connection:
        ours.relation(connection, current).aggregate(query()).fetchall()
    clock.report()


if __name__ == "__main__":
    run(scan)
