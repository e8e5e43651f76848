"""How often completed values hold what they are with all labels, where these come late by a known delay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa

from bench.coverage.worlds import WORLDS, World
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.registry import completions
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.shape import fit_shape
from obs_dagster.tasks.outcomes import Expecting, Lacking, OutcomeProfile, reduce_outcomes
from obs_dagster.tasks.protocol import task_of

_DAYS, _WINDOW, _NEVER = 20, 3, 0.1
Columns = Mapping[str, np.ndarray]


def _positives_late(rows: Columns) -> np.ndarray:
    return np.where(rows[LABEL], 0.35, 0.8)


def _classes_late(rows: Columns) -> np.ndarray:
    return np.array([0.8, 0.6, 0.4, 0.2])[[int(name[1:]) for name in rows[LABEL]]]


def _large_late(rows: Columns) -> np.ndarray:
    return np.where(rows[LABEL] > 30, 0.3, 0.7)


#: By how it is told: the world, and how likely each row has its label within its day.
LATE: Mapping[str, tuple[World, Callable[[Columns], np.ndarray]]] = {
    "positives come late": (WORLDS[0], _positives_late),
    "rare classes come late": (WORLDS[2], _classes_late),
    "large numbers come late": (WORLDS[4], _large_late),
}


def late_labels(told: str, rows: int, samples: int) -> dict[str, tuple[int, int]]:
    """By metric, in how many windows of so many rows the interval holds what labels say, of how many."""
    held: dict[str, list[bool]] = defaultdict(list)
    for sample in range(samples):
        for name, each in _window(told, rows, sample).items():
            held[name].append(each)
    return {name: (sum(map(int, each)), len(each)) for name, each in held.items()}


def _window(told: str, rows: int, sample: int) -> dict[str, bool]:
    """By metric, whether what is expected of the last days of a season holds what their labels say."""
    (world, soon), random = LATE[told], np.random.default_rng((sample, rows))
    each, days = rows // _WINDOW, _DAYS + _WINDOW
    made = {name: np.asarray(column) for name, column in world.draw(random, days, each).items()}
    early = random.random(days * each) < soon(made)
    ever = early | (random.random(days * each) > _NEVER)
    day = np.repeat(np.arange(days), each)
    was = day < _DAYS
    parts = {
        # of complete days the rows that had no label within a day; of the last ones all, as known by then
        "known": (~was | ~early, np.where(was, ever, early)),
        "final": (~was, ever),
    }
    counted = {name: _counted(world, made, day, *of) for name, of in parts.items()}
    kind, monitor = task_of(world.monitor).outcomes, world.monitor
    late = kind.late([counted["known"].cell(str(number), WHOLE) for number in range(_DAYS)], monitor, sample)
    window = [counted["known"].cell(str(number), WHOLE) for number in range(_DAYS, days)]
    now, final = _joined(window), _joined([counted["final"].cell(str(n), WHOLE) for n in range(_DAYS, days)])
    given = Expecting(WHOLE, _WINDOW, sample)
    ((_, expected),) = kind.completed(now, [Lacking(cell, late) for cell in window], monitor, given)
    exact = {}
    for column, labelled in kind.inputs(final, monitor, WHOLE, sample):
        if not column:
            exact = evaluate("performance", labelled, task=world.task)
    found = {}
    for name, metric in completions(world.task).items():
        told_of, then = expected.completed(name), exact[name].value
        if told_of.low is not None and told_of.high is not None and then is not None:
            found[metric.name] = told_of.low <= then <= told_of.high
    return found


def _counted(
    world: World, made: Columns, day: np.ndarray, of: np.ndarray, known: np.ndarray
) -> OutcomeProfile:
    """The outcomes of some rows by day, each a version; those not known have no label."""
    columns = {name: pa.array(column[of]) for name, column in made.items() if name != LABEL}
    columns |= {
        "model": pa.array(day[of].astype(str)),
        LABEL: pa.array(made[LABEL][of], mask=~known[of]),
    }
    monitor, grids = world.monitor, Grids({})
    if "minutes" in columns:
        grids = Grids({"minutes": fit_shape(world.draw(np.random.default_rng(0), 1, 5_000)["minutes"])})
    kind = task_of(monitor).outcomes
    return reduce_outcomes(
        nw.from_native(duckdb.connect().from_arrow(pa.table(columns))), monitor, grids, kind
    )


def _joined(cells: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([cell[name] for cell in cells]) for name in cells[0]}
