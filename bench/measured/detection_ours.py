"""Nights of a world with the default rules: what fires on quiet ones, and on which night of each fault."""

from __future__ import annotations

import json
from pathlib import Path

from bench.clock import Clock, run


def evaluate(folder: str, world: str, cases: list[str], nights: int) -> None:
    """Write the batches for peers, then evaluate every night.

    Args:
        folder: for batches, results and the home.
        world: its name.
        cases: names of those to look at; empty for all.
        nights: quiet ones before a fault.
    """
    clock = Clock()
    with clock.importing():
        from bench.detection.batches import written
        from bench.detection.faults import cases as every
        from bench.detection.ours import watched
        from bench.detection.worlds import WORLDS
    place = Path(folder)
    there = WORLDS[world]()
    chosen = [case for case in every() if not cases or case.name in cases]
    with clock.phase("batches"):
        written(there, place, chosen, nights)
    with clock.phase("nights"):
        found = watched(there, place, chosen, nights)
    (place / "obs-dagster.json").write_text(json.dumps(found), encoding="utf-8")
    clock.report(
        told=there.told,
        numbers=there.numbers,
        categories=there.categories,
        evaluated=sum(map(len, found.values())),
    )


if __name__ == "__main__":
    run(evaluate)
