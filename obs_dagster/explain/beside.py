"""What is told beside the SHAP values of a version's day: how far to trust them, and where they moved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from obs_dagster.baselines.stored import load_grids
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.sampling import baseline_cells, draw_cells
from obs_dagster.evaluation.where import WhereError, why_on
from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
from obs_dagster.explain.cohorts import (
    Cohorts,
    cells_of,
    cohort_cuts,
    cohort_shifts,
    explained_cohorts,
    moved_features,
)
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.second_opinion import opinion_of_lime
from obs_dagster.explain.unlike import unlike
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.unlike import Unlike
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 3
"""Features that are named of the segment that is furthest from the baseline."""
_CLOSE = 0.9
"""The likeness of rankings below which a segment is told of: what `decides_by_other_features` has."""


@dataclass(frozen=True, slots=True)
class VersionDay:
    """A version on a day, as it was explained.

    Attributes:
        monitor, lake, day, version: which one it is.
        explainer: the version's.
        found: the explanation of its rows.
        rows: the rows that were drawn and that the model takes, with at least its inputs.
        has_baseline: whether the explainer's background is the version's own baseline.
    """

    monitor: Monitor
    lake: Lake
    day: dt.date
    version: str
    explainer: Explainer | ClassExplainer
    found: Explanation | ClassExplanation
    rows: pd.DataFrame
    has_baseline: bool


@dataclass(frozen=True, slots=True)
class Segments:
    """How far segment cells are from the baseline.

    Attributes:
        shifts: the metrics of each cell.
        worst: what is said of the cell that is furthest away for sure; empty if there is none.
        wrong: what is said of the cell where the version is wrong most often; empty if that is not known.
    """

    shifts: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    worst: str = ""
    wrong: str = ""


def likeness(at: VersionDay) -> dict[str, Estimate]:
    """Which share of the rows is unlike those that the version knows."""
    inputs = list(at.explainer.features)
    given = (
        unlike(at.rows[inputs], at.explainer.background)
        if at.has_baseline
        else Unlike(0, 0, "the version has no baseline of its own")
    )
    return evaluate("explanation", given)


def opinion(at: VersionDay) -> dict[str, Estimate]:
    """What LIME says of the rows, if the monitor asks it."""
    asked = at.monitor.explanations.second_opinion
    if asked is None or not asked.lime_rows:
        return {}
    return evaluate("explanation", opinion_of_lime(at.explainer, at.found, asked))


def segments(at: VersionDay, known: dict[str, Cohorts]) -> Segments:
    """How far the explanation of each segment cell is from that on the baseline, if the monitor asks it.

    Args:
        at: the version and day.
        known: the cells of versions' baselines, explained once; what is missing is put in.

    Raises:
        LakeError, SourceError: rows cannot be read.
        ExplanationError: they cannot be explained.
    """
    monitor, rows = at.monitor, at.monitor.explanations.cohorts
    cuts = cohort_cuts(monitor)
    if not rows or not cuts or not at.has_baseline:
        return Segments()
    grids = load_grids(monitor, at.lake)
    if at.version not in known:
        baseline = baseline_cells(monitor, at.version, at.lake, cuts, rows)
        if baseline is None or baseline.empty:
            return Segments()
        cells = {cut: cells_of(baseline, cut, grids) for cut in cuts}
        known[at.version] = explained_cohorts(at.explainer, baseline, cells)
    drawn = draw_cells(monitor, at.day, at.lake, version=at.version, cuts=cuts, rows=rows)
    now = explained_cohorts(at.explainer, drawn, {cut: cells_of(drawn, cut, grids) for cut in cuts})
    shifts = cohort_shifts(now, known[at.version])
    then = known[at.version]
    return Segments(shifts, _worst(shifts, now, then), _wrong(at, shifts, now, then))


def _worst(shifts: dict[str, dict[str, Estimate]], now: Cohorts, then: Cohorts) -> str:
    """The cell whose ranking of features is surely the least like the baseline's, with what moved there."""
    sure = [
        (each["shap_ndcg"].high, cell)
        for cell, each in shifts.items()
        if each["shap_ndcg"].high is not None and each["shap_ndcg"].high < _CLOSE
    ]
    if not sure:
        return ""
    _, cell = min(sure)
    alike = _alike(shifts[cell]["shap_ndcg"])
    return (
        f"In {cell} it decides by other features than on its baseline: the rankings are alike to {alike}, "
        f"where 1 is the same{_moved(now, then, cell)}"
    )


def _wrong(at: VersionDay, shifts: dict[str, dict[str, Estimate]], now: Cohorts, then: Cohorts) -> str:
    """Whether it decides by other features where it is wrong most often, by the labels that are complete."""
    wait = 0 if at.monitor.labels is None else at.monitor.labels.max_delay_days
    recorder = Recorder(at.monitor.model, "", dt.datetime.combine(at.day, dt.time(), dt.UTC))
    try:
        found, metric = why_on(Night(at.monitor, at.lake, recorder), at.day - dt.timedelta(days=wait))
    except (WhereError, LakeError):
        return ""
    of = next((each for each in found if each.version == at.version), None)
    worst = next((each for each in of.slices if each.name in shifts), None) if of else None
    if of is None or worst is None or shifts[worst.name]["shap_ndcg"].value is None:
        return ""
    loss = of.explains.loss(metric)
    where = f"Where it is worst, in {worst.name} ({worst.rows:,} labelled rows)"
    if loss is not None and loss.counts:
        where = (
            f"Where it is wrong most often, in {worst.name} ({worst.share:.0%} of {worst.rows:,} labelled "
            f"rows, {worst.rest:.0%} elsewhere)"
        )
    alike = _alike(shifts[worst.name]["shap_ndcg"])
    return f"{where}, the rankings are alike to {alike}{_moved(now, then, worst.name)}"


def _alike(ranking: Estimate) -> str:
    if ranking.low is None or ranking.high is None:
        return f"{ranking.value:.2f}"
    return f"{ranking.value:.2f} ({ranking.low:.2f} to {ranking.high:.2f})"


def _moved(now: Cohorts, then: Cohorts, cell: str) -> str:
    moved = moved_features(now, then, cell)[:_NAMED]
    return f"; SHAP values of {', '.join(moved)} moved" if moved else ""
