"""The days of a world for peers: one file of the reference, and one of all batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.alarms.served import QUIET as NOTHING
from bench.alarms.served import Fault
from bench.detection.faults import Case
from bench.detection.world import DECISION, ID, LABEL, QUIET, SCORE, TWIN, World

if TYPE_CHECKING:
    import pandas as pd


def written(world: World, folder: Path, cases: Sequence[Case], nights: int = QUIET) -> Path:
    """Write `reference.parquet` and `batches.parquet`; the folder.

    Batches have two columns more: the case, with quiet nights as `quiet` and those after them as `twin`; and
    the night, from 1 on.
    """
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    reference = [_batch(world, number, NOTHING, "reference", number) for number in range(world.reference)]
    begun = world.reference + nights
    batches = [_batch(world, world.reference + night, NOTHING, "quiet", night + 1) for night in range(nights)]
    batches += [_batch(world, begun + night, NOTHING, "twin", night + 1) for night in range(TWIN)]
    for case in cases:
        for night in range(1, case.nights + 1):
            batches.append(_batch(world, begun + night - 1, case.fault(world, night), case.name, night))
    pd.concat(reference, ignore_index=True).to_parquet(folder / "reference.parquet", index=False)
    pd.concat(batches, ignore_index=True).to_parquet(folder / "batches.parquet", index=False)
    return folder


def _batch(world: World, number: int, fault: Fault, case: str, night: int) -> pd.DataFrame:
    log, labels = world.served(world.day(number), fault)
    rows = log[[ID, *world.features, SCORE, DECISION]].merge(labels, on=ID, how="left")
    typed = {DECISION: "int64", LABEL: "int64"} | dict.fromkeys(world.numbers, "float64")
    return rows.drop(columns=ID).astype(typed).assign(case=case, night=night)
