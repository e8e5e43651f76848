"""Profiles of both sides, by whylogs; no comparison, no labels, no segments."""

from __future__ import annotations

import os

from bench.clock import Clock, run
from bench.prepare.columns import CATEGORIES, DECISION, LABEL, NUMBERS, SCORE


def evaluate(reference: str, current: str) -> None:
    """One profile of each file."""
    os.environ["WHYLOGS_NO_ANALYTICS"] = "True"
    clock = Clock()
    with clock.importing():
        import pandas as pd
        import whylogs  # type: ignore[import-not-found]  # in an environment of its own
    columns = [*NUMBERS, *CATEGORIES, SCORE, DECISION, LABEL]
    with clock.phase("load"):
        before, after = (pd.read_parquet(path, columns=columns) for path in (reference, current))
    with clock.phase("reference"):
        whylogs.log(before).view()
    with clock.phase("profile"):
        view = whylogs.log(after).view()
    clock.report(bytes=len(view.serialize()))


if __name__ == "__main__":
    run(evaluate)
