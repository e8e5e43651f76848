"""A rule that watches a metric where a monitor names none: what is wrong of any model that has the metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obs_dagster.monitor.escalation import Severity

Watched = Literal["every", "numeric", "categories", "leading", "unlike"]
"""The columns that a rule watches: all that have the metric, the features that are numbers, the other ones,
what the model puts out first, or the features that say how unlike the baseline's texts or vectors are."""


def _plain(threshold: float | str | None) -> str:
    """A threshold in words."""
    return threshold if isinstance(threshold, str) else f"{threshold:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRule:
    """How a metric is watched unless a monitor says otherwise; it stands in the metric's definition.

    Attributes:
        name: the rule's name; metrics of different tasks may share one.
        above, below: the threshold, as a monitor's rule has it; one of the two.
        also: a second threshold on the same side that must be passed too; None for none.
        window: the length of the window in days, or the longest that the monitor has below it.
        full: whether only full windows are judged, where they are of several days.
        for_nights, min_rows, severity, settled: as a monitor's rule has them.
        beyond_days: whether a breach must be more than how days differ anyway, as a monitor's rule has it.
        columns: which columns it watches, for metrics of a column.
        staying: whether it is only for baselines that do not move along with the nights.
        summary: what it means and what to do first.
        why: why it has this threshold, for the reference.
    """

    name: str
    above: float | str | None = None
    below: float | str | None = None
    also: str | None = None
    window: int = 1
    for_nights: int = 1
    min_rows: int = 100
    severity: Severity = "warning"
    settled: bool = False
    full: bool = True
    beyond_days: bool = False
    columns: Watched = "every"
    staying: bool = False
    summary: str
    why: str

    @property
    def threshold(self) -> str:
        """The threshold in words.

        >>> DefaultRule(name="slow", above="200 % of baseline", summary="", why="").threshold
        'above 200 % of baseline'
        >>> DefaultRule(name="odd", above=0.5, also="300 % of usual", summary="", why="").threshold
        'above 0.5 and above 300 % of usual'
        """
        told = f"below {_plain(self.below)}" if self.above is None else f"above {_plain(self.above)}"
        return told if self.also is None else f"{told} and {told.partition(' ')[0]} {self.also}"

    @property
    def relative(self) -> bool:
        """Whether it needs the metric's value on the baseline."""
        return "baseline" in self.threshold
