"""Whether explained rows are like those that the model knows."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate


@dataclass(frozen=True, slots=True)
class Unlike:
    """Rows beside the baseline's.

    Attributes:
        rows: rows that were compared.
        far: rows of these that lie further from the baseline than 95 % of its rows from each other.
        obstacle: why there is nothing to compare with; empty if there is.
    """

    rows: int
    far: int
    obstacle: str = ""


def _share(given: Unlike) -> Estimate:
    if given.obstacle:
        return Estimate.missing(given.obstacle)
    return share(given.far, given.rows, reason="no rows")


METRICS = (
    Metric(
        Definition(
            name="unlike_baseline_share",
            id="unlike_baseline_share/gower-95/1",
            family="explanation",
            title="Share of rows that are unlike the baseline",
            meaning="The share of rows that lie further from the next row of the baseline than 95 % of the "
            "baseline's rows lie from theirs; about 5 % if nothing has changed. What a model says of such "
            "rows, and why, rests on little that it has seen.",
            formula="rows with d > q / rows; d: Gower's distance to the nearest of up to 300 rows of the "
            "baseline, q: the 95th percentile of the same among these. Over the first 200 of the rows drawn "
            "for explanations.",
            reference="Gower, Biometrics 27, 1971, 857-871; a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
            noun="share of rows unlike the baseline",
            written="percent",
        ),
        _share,
        lambda given: isinstance(given, Unlike),
    ),
)
