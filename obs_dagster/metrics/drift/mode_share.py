"""The share of the most frequent value: a column that has stuck at one has most of its rows there."""

from __future__ import annotations

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import Counts, NumericCounts


def most_frequent(counts: Counts) -> int:
    """The rows of the value, or bin, that most rows have."""
    if isinstance(counts, NumericCounts):
        return int(counts.counts.max(initial=0))
    return max(counts.counts.values(), default=0)


def _estimate(comparison: Comparison) -> Estimate:
    current = comparison.current
    return share(most_frequent(current), current.n, reason="no values" if current.rows else NO_ROWS)


METRICS = (
    Metric(
        Definition(
            name="mode_share",
            id="mode_share/1",
            family="drift",
            title="Share of the most frequent value",
            meaning="The share of the values that are the most frequent one: 1 where a column has stuck "
            "at one value, or a default is filled in everywhere.",
            formula="rows with the most frequent value / rows with a value; of a number that is not "
            "counted by value, the rows of the fullest bin of the column's grid.",
            reference="`pandas.Series.value_counts(normalize=True).max()`.",
            interval="Wilson",
            unit="share",
            about="column",
            cells="none",
            noun="share of the most frequent value",
            written="percent",
            watched=(
                DefaultRule(
                    name="values_stuck",
                    above=0.5,
                    also="300 % of usual",
                    columns="numeric",
                    summary="Most values of a feature are one and the same. Is a default filled in, or has "
                    "its source stopped?",
                    why="What is the same by nature, as no rain or the month, is so on other such days too. "
                    "No day of eight weeks of flights and weather had it of any column.",
                ),
                DefaultRule(
                    name="scores_stuck",
                    above=0.5,
                    also="300 % of usual",
                    columns="leading",
                    summary="The model puts out one and the same value most of the time. Was it given its "
                    "features, or is that a fallback?",
                    why="As of features.",
                ),
            ),
        ),
        _estimate,
    ),
)
