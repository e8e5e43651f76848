"""Whether a version decides by other features than on its baseline in some segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.scoring import score
from obs_dagster.explain.usual import same_kind
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.cells import Cut, cell_key, cell_name
from obs_dagster.profile.distribution import OTHER
from obs_dagster.profile.grids.grid import CategoryGrid, Grids

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 30
"""Rows that a cell needs on either side."""
MOST_CELLS = 20
"""Cells of each split that are explained at most, those with the most rows."""


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The rows of some segment cells, explained.

    Attributes:
        shap: SHAP values, shape (n, f); of several classes the mean of |SHAP value| over them.
        features: the f features.
        unit, method: as `Explanation` has them.
        members: which rows belong to each cell, by its name.
    """

    shap: FloatArray
    features: tuple[str, ...]
    unit: str
    method: str
    members: Mapping[str, NDArray[np.bool_]]


def cells_of(rows: pd.DataFrame, cut: Cut, grids: Grids) -> NDArray[np.object_]:
    """The cell of each row, under the name that profiles have for it; empty in the cell of the rest."""
    columns = []
    for name in cut:
        texts = rows[cell_key(name)].astype(object)
        columns.append(texts.where(texts.notna(), None).to_list())
    tops = [grids.columns.get(name) for name in cut]
    known = [
        set(grid.top) if isinstance(grid, CategoryGrid) and grid.top is not None else None for grid in tops
    ]
    found = np.empty(len(rows), dtype=object)
    for at, values in enumerate(zip(*columns, strict=True)):
        rest = any(
            each == OTHER or (each is not None and top is not None and each not in top)
            for each, top in zip(values, known, strict=True)
        )
        found[at] = "" if rest else cell_name(cut, values)
    return found


def largest_cells(cells: Mapping[Cut, NDArray[np.object_]]) -> list[str]:
    """The cells that have enough rows, of each split those with the most."""
    return [name for each in cells.values() for name in _largest(each)]


def _largest(cells: NDArray[np.object_]) -> Iterator[str]:
    names, counts = np.unique(cells.astype(str), return_counts=True)
    order = np.lexsort((names, -counts))
    enough = [str(names[at]) for at in order if names[at] and counts[at] >= FEWEST]
    yield from enough[:MOST_CELLS]


def explained_cohorts(
    explainer: Explainer | ClassExplainer, rows: pd.DataFrame, cells: Mapping[Cut, NDArray[np.object_]]
) -> Cohorts:
    """The rows of the largest cells, explained once each.

    Args:
        explainer: the version's.
        rows: the rows, with at least the model's inputs.
        cells: the cell of each of them, by split.

    Raises:
        ExplanationError: there are no such rows.
    """
    wanted = largest_cells(cells)
    inside = np.zeros(len(rows), dtype=bool)
    for each in cells.values():
        inside |= np.isin(each.astype(str), wanted)
    scored = score(explainer.model, rows[list(explainer.features)])
    inside &= scored.accepted
    data, scores = rows[inside], scored.scores[inside]
    enough = replace(explainer, largest=max(explainer.largest, len(data)))
    if isinstance(enough, ClassExplainer):
        found = enough.explain(data, 0.0, scores).over_classes
    else:
        found = enough.explain(data, 0.0, scores)
    members = {
        name: each[inside] == name for each in cells.values() for name in wanted if (each == name).any()
    }
    return Cohorts(found.shap_values, found.features, found.unit, found.method, members)


def cohort_shifts(now: Cohorts, then: Cohorts) -> dict[str, dict[str, Estimate]]:
    """How far the explanation of each cell is from that of the same cell on the baseline, in metrics."""
    obstacle = (
        ""
        if same_kind((now.unit, now.method), (then.unit, then.method))
        else ("the baseline's rows were explained by another method")
    )
    return {name: evaluate("explanation", _shift(now, then, name, None, obstacle)) for name in now.members}


def moved_features(now: Cohorts, then: Cohorts, cell: str) -> list[str]:
    """The features whose SHAP values moved in a cell by more than chance, the furthest first."""
    found = []
    for at, feature in enumerate(now.features):
        distance = evaluate("explanation", _shift(now, then, cell, at, ""), only=["shap_ks"])["shap_ks"]
        if distance.low:
            found.append((distance.value or 0.0, feature))
    return [feature for _, feature in sorted(found, reverse=True)]


def _shift(now: Cohorts, then: Cohorts, cell: str, column: int | None, obstacle: str) -> AttributionShift:
    known = then.members.get(cell)
    here = now.shap[now.members[cell]]
    if known is None or known.sum() < FEWEST:
        return AttributionShift(here[:0], here, column, f"fewer than {FEWEST} rows of the baseline")
    if len(here) < FEWEST:
        return AttributionShift(here[:0], here, column, f"fewer than {FEWEST} rows")
    return AttributionShift(then.shap[known], here, column, obstacle)


def cohort_cuts(monitor: Monitor) -> list[Cut]:
    """The splits whose cells are explained: none by columns whose values may not be told."""
    hidden = monitor.personal | monitor.fairness.columns
    return [cut for cut in monitor.cuts if cut and not hidden.intersection(cut)]
