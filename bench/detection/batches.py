"""The days of a world for peers: one file of the reference, and one of the nights of each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.alarms.served import QUIET as NOTHING
from bench.alarms.served import Fault
from bench.detection.faults import Case
from bench.detection.kept import called
from bench.detection.world import AFTER, BEFORE, DECISION, ID, LABEL, QUIET, SCORE, World

if TYPE_CHECKING:
    import pandas as pd


def written(world: World, folder: Path, cases: Sequence[Case], quiet: int = QUIET) -> None:
    """Write `reference.parquet` and a file of each case, with its night, from 1 on; those there are stay.

    Args:
        world: the world.
        folder: for the files.
        cases: what happens, beside nothing before (`BEFORE`) and nothing instead (`AFTER`).
        quiet: nights before.
    """
    begun = world.reference + quiet
    wanted = {"reference": [(number, NOTHING) for number in range(world.reference)]}
    wanted[BEFORE] = [(world.reference + night, NOTHING) for night in range(quiet)]
    wanted[AFTER] = [(begun + night, NOTHING) for night in range(world.after)]
    for case in cases:
        wanted[case.name] = [(begun + night, case.fault(world, night + 1)) for night in range(case.nights)]
    folder.mkdir(parents=True, exist_ok=True)
    for name, nights in wanted.items():
        _write(world, folder / f"{called(name)}.parquet", nights)


def written_later(
    world: World, folder: Path, cases: Mapping[str, tuple[int, Case]], quiet: int = QUIET
) -> None:
    """Write a file of each case that begins later, by its name: how many nights later, and which it is."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (start, case) in cases.items():
        begun = world.reference + quiet + start
        nights = [(begun + night, case.fault(world, night + 1)) for night in range(case.nights)]
        _write(world, folder / f"{called(name)}.parquet", nights)


def _write(world: World, path: Path, nights: Sequence[tuple[int, Fault]]) -> None:
    import pandas as pd

    if path.exists():
        return
    rows = [_batch(world, number, fault, night) for night, (number, fault) in enumerate(nights, start=1)]
    aside = path.with_suffix(".part")
    pd.concat(rows, ignore_index=True).to_parquet(aside, index=False)
    aside.replace(path)


def _batch(world: World, number: int, fault: Fault, night: int) -> pd.DataFrame:
    log, labels = world.served(world.day(number), fault)
    rows = log[[ID, *world.features, SCORE, DECISION]].merge(labels, on=ID, how="left")
    typed = {DECISION: "int64", LABEL: "int64"} | dict.fromkeys(world.numbers, "float64")
    return rows.drop(columns=ID).astype(typed).assign(night=night)
