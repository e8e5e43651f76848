"""Missing values: their share, and how it has moved from the baseline's."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.intervals import newcombe, share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_BASELINE, NO_ROWS, Estimate


def _share(comparison: Comparison) -> Estimate:
    return share(comparison.current.missing, comparison.current.rows, reason=NO_ROWS)


def _drift(comparison: Comparison) -> Estimate:
    baseline, current = comparison.baseline, comparison.current
    if baseline is None or baseline.rows == 0:
        return Estimate.missing(NO_BASELINE)
    if current.rows == 0:
        return Estimate.missing(NO_ROWS)
    value = current.missing / current.rows - baseline.missing / baseline.rows
    low, high = newcombe(current.missing, current.rows, baseline.missing, baseline.rows)
    return Estimate(value, low, high, current.rows)


METRICS = (
    Metric(
        Definition(
            name="missing_share",
            id="missing_share/1",
            family="drift",
            title="Share of missing values",
            meaning="The share of rows without a usable value: null, NaN or infinite.",
            formula="missing / rows of the current window.",
            reference="`~numpy.isfinite(x)` averaged over all rows; nulls of a categorical column.",
            interval="Wilson",
            unit="share",
            better="lower",
            about="column",
            cells="none",
            noun="missing share",
            written="percent",
        ),
        _share,
    ),
    Metric(
        Definition(
            name="missing_drift",
            id="missing_drift/difference/1",
            family="drift",
            title="Change of the share of missing values",
            meaning="How much larger the share of missing values is than in the baseline; negative where it "
            "shrank.",
            formula="missing share of the current window - missing share of the baseline.",
            reference="Newcombe, Statistics in Medicine 17 (1998), 873-890; "
            "`statsmodels.stats.proportion.confint_proportions_2indep(method='newcomb')`.",
            interval="Newcombe's hybrid of the two Wilson intervals (method 10)",
            unit="share",
            about="column",
            cells="none",
            noun="change of the missing share",
            written="percent",
            watched=(
                DefaultRule(
                    name="values_missing",
                    above=0.25,
                    beyond_days=True,
                    window=7,
                    min_rows=200,
                    summary="More values are missing than on the baseline. Ask who delivers the column.",
                    why="Sources that fail for hours made it up to 21 % of a week, in a year of weather "
                    "stations. A feature that is never missing is better declared as `nullable: false`.",
                ),
                DefaultRule(
                    name="values_missing_daily",
                    above=0.1,
                    for_nights=4,
                    min_rows=200,
                    summary="For four nights running, a tenth of the values more than on the baseline has "
                    "been missing. Ask who delivers the column.",
                    why="What is missing night after night is no source that failed for hours. In a year of "
                    "weather six of seven columns had no three such nights running; air pressure, of which "
                    "12 % are missing in spells, had four of them up to three times.",
                ),
                DefaultRule(
                    name="values_gone",
                    above=0.5,
                    beyond_days=True,
                    min_rows=100,
                    summary="On one day half of the values more than on the baseline are missing. Ask who "
                    "delivers the column.",
                    why="What is lost on one day is little in a week. The worst of nine columns had three "
                    "such days in a year.",
                ),
            ),
        ),
        _drift,
    ),
)
