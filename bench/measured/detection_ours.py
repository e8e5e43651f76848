"""Nights of a world with the default rules: what fires on quiet ones, and on which night of each fault."""

from __future__ import annotations

from pathlib import Path

from bench.clock import Clock, run


def evaluate(folder: str, world: str, cases: list[str]) -> None:
    """Write the batches for peers, then evaluate every night.

    Args:
        folder: for batches, what is found, and the home; what is there already stays.
        world: its name.
        cases: names of those to look at.
    """
    clock = Clock()
    with clock.importing():
        from bench.detection.batches import written
        from bench.detection.faults import cases as every
        from bench.detection.ours import watched
        from bench.detection.worlds import WORLDS
    place = Path(folder)
    there = WORLDS[world]()
    chosen = [case for case in every() if case.name in cases]
    with clock.phase("batches"):
        written(there, place / "batches", chosen)
    with clock.phase("nights"):
        watched(there, place, chosen)
    behind = {case.name: case.kind.behind(there) for case in chosen if case.kind}
    clock.report(told=there.told, numbers=there.numbers, categories=there.categories, behind=behind)


if __name__ == "__main__":
    run(evaluate)
