"""Values of a category that the baseline does not have."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_BASELINE, NO_ROWS, Estimate
from obs_dagster.profile.distribution import CategoryCounts


def _new_share(comparison: Comparison) -> Estimate:
    baseline, current = comparison.baseline, comparison.current
    if not isinstance(baseline, CategoryCounts) or not baseline.n:
        return Estimate.missing(NO_BASELINE)
    if not isinstance(current, CategoryCounts) or not current.n:
        return Estimate.missing(NO_ROWS)
    new = sum(rows for value, rows in current.counts.items() if not baseline.counts.get(value))
    found = share(new, current.n, reason=NO_ROWS)
    # what has no count of its own may be new, and what seems new may be among those of the baseline
    unsure = current.rest + (new if baseline.rest else 0)
    return Estimate(found.value, found.low, found.high, current.n, error=unsure / current.n)


METRICS = (
    Metric(
        Definition(
            name="new_value_share",
            id="new_value_share/1",
            family="drift",
            title="Share of new values",
            meaning="The share of rows whose category the baseline does not have; each is counted by itself "
            "from the night it is seen.",
            formula="rows with values of which the baseline has no row / rows with a value.",
            reference="`(~current.isin(baseline.unique())).mean()` in pandas, without nulls.",
            interval="Wilson",
            unit="share",
            better="lower",
            about="column",
            cells="none",
            noun="share of new values",
            written="percent",
            watched=(
                DefaultRule(
                    name="values_new",
                    above=0.003,
                    also="300 % of usual",
                    summary="A category has values that the baseline does not have. The model has learned "
                    "nothing of them: are they new in the world, or new names of old ones?",
                    why="Three rows of a thousand are more than a misprint. Columns that have new values on "
                    "such days anyway are held against these; in a year of flights a new destination passed "
                    "it on two days of one row in two hundred.",
                ),
            ),
        ),
        _new_share,
        lambda comparison: comparison.kind == "category",
    ),
)
