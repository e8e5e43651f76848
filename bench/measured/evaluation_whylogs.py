"""Profiles of both sides, by whylogs; no comparison, no labels, no segments."""

from __future__ import annotations

import os

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LABEL, NUMBERS, SCORE


def evaluate(few: list[str], many: list[str]) -> None:
    """One profile of the reference, and one of the current log."""
    os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
    clock = Clock()
    with clock.importing():
        import pandas as pd
        import whylogs  # type: ignore[import-not-found]  # in an environment of its own
    columns = [*NUMBERS, *CATEGORIES, SCORE, DECISION, LABEL]

    def work(files: list[str], clock: Clock) -> int:
        with clock.phase("load"):
            before, after = (pd.read_parquet(path, columns=columns) for path in files)
        with clock.phase("reference"):
            whylogs.log(before).view()
        with clock.phase("profile"):
            return len(whylogs.log(after).view().serialize())

    with clock.importing():
        work(few, Clock())
    clock.report(bytes=work(many, clock))


if __name__ == "__main__":
    run(evaluate)
