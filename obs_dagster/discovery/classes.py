"""Which of two values means the positive class."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.sample import Sample
from obs_dagster.lake.quoting import identifier
from obs_dagster.sources.classes import FALSE, TRUE, word


@dataclass(frozen=True, slots=True)
class TwoClasses:
    """The values of two classes.

    Attributes:
        positive, negative: as they are written; empty where they spell true and false.
        why: what speaks for it.
        sure: whether it is known.
    """

    positive: str = ""
    negative: str = ""
    why: str = "its values spell true and false"
    sure: bool = True


def two_classes(column: Column, sample: Sample, score: str, rows: str, of: str) -> TwoClasses | None:
    """Which value of a column is the positive class; None if it has not two.

    Args:
        column: labels or decisions.
        sample: the log's.
        score: the column of the score; empty for none.
        rows: SQL for the rows: the log's as `a`, those of the column called `of`.
        of: `a` or `b`.
    """
    values = [value for value, _ in column.top]
    words = {word(value) for value in values}
    if words <= TRUE | FALSE:
        return TwoClasses()
    if len(values) != 2:  # noqa: PLR2004  two classes
        return None
    means = _mean_scores(column, sample, score, rows, of) if score else {}
    if len(means) == len(values):
        low, high = sorted(values, key=lambda value: means[value])
        why = f"its mean score is {means[high]:.3g}, that of {low!r} is {means[low]:.3g}"
        return TwoClasses(high, low, why, sure=means[high] > means[low])
    return TwoClasses(values[1], values[0], "the rarer value", sure=False)


def _mean_scores(column: Column, sample: Sample, score: str, rows: str, of: str) -> dict[str, float]:
    value = f"CAST({of}.{identifier(column.name)} AS VARCHAR)"
    query = (
        f"SELECT {value}, avg({sample.number(score, 'a.')}) FROM {rows} WHERE {value} IS NOT NULL GROUP BY 1"
    )
    found = sample.connection.execute(query).fetchall()
    return {value: mean for value, mean in found if mean is not None}
