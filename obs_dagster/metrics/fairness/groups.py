"""The groups of an attribute, as counts of decisions and labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obs_dagster.metrics.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """One group. "Positive" is the favourable decision, and the label that deserves it.

    Attributes:
        name: the group, as a segment cell is named: `sex=F`.
        rows: predictions, labelled or not.
        selected: predictions with the favourable decision.
        true_positives, false_positives, true_negatives, false_negatives: labelled rows.
        scored: labelled rows that have a score.
        score_sum: sum of their scores, for the positive class of the model.
        positive: how many of them are of the positive class of the model.
        squared_sum: sum of (score - label)² over them.
    """

    name: str
    rows: int
    selected: int
    true_positives: int = 0
    false_positives: int = 0
    true_negatives: int = 0
    false_negatives: int = 0
    scored: int = 0
    score_sum: float = 0.0
    positive: int = 0
    squared_sum: float = 0.0

    @property
    def deserving(self) -> int:
        """Labelled rows whose label is the favourable one."""
        return self.true_positives + self.false_negatives

    @property
    def undeserving(self) -> int:
        """Labelled rows whose label is the other one."""
        return self.false_positives + self.true_negatives

    @property
    def judged_selected(self) -> int:
        """Labelled rows with the favourable decision."""
        return self.true_positives + self.false_positives


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one attribute.

    Attributes:
        attribute: its name; of a crossing, its columns with commas between them.
        groups: all of them, small ones too.
        least: rows that a group needs, and that each of its shares needs.
        seed: a non-negative integer; the same counts and seed give the same intervals.
        unknown: predictions of which nobody knows the group.
        apart: whether the attribute is held apart, so that what is told of its groups is rounded.
        reason: why there are no groups; empty if there are, or if that speaks for itself.
    """

    attribute: str
    groups: Sequence[GroupCounts]
    least: int
    seed: int
    unknown: int = 0
    apart: bool = False
    reason: str = ""

    @property
    def rows(self) -> int:
        """Predictions of all groups."""
        return sum(each.rows for each in self.groups)


@dataclass(frozen=True, slots=True)
class Share:
    """A share within a group."""

    name: str
    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share."""
        return self.part / self.whole

    @property
    def interval(self) -> Interval:
        """Wilson's."""
        return wilson(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Kind:
    """A share that groups may differ in.

    Attributes:
        title: what people read.
        part, whole: the rows that count, and of how many.
        of: what `whole` counts.
    """

    title: str
    part: Callable[[GroupCounts], int]
    whole: Callable[[GroupCounts], int]
    of: str

    def shares(self, groups: Groups) -> tuple[list[Share], list[str]]:
        """The share of every group that is large enough, and the names of those that are not."""
        shares, small = [], []
        for each in groups.groups:
            whole = self.whole(each)
            if min(each.rows, whole) >= groups.least:
                shares.append(Share(each.name, self.part(each), whole))
            else:
                small.append(each.name)
        return shares, small


SELECTED = Kind("Chosen", lambda each: each.selected, lambda each: each.rows, "predictions")
"""The favourable decision among all predictions."""
FOUND = Kind(
    "Chosen, deserving", lambda each: each.true_positives, lambda each: each.deserving, "deserving rows"
)
"""The favourable decision among rows that deserved it: true positive rate."""
WRONGLY = Kind(
    "Chosen, undeserving",
    lambda each: each.false_positives,
    lambda each: each.undeserving,
    "undeserving rows",
)
"""The favourable decision among rows that did not deserve it: false positive rate."""
RIGHT = Kind(
    "Rightly chosen",
    lambda each: each.true_positives,
    lambda each: each.judged_selected,
    "labelled, chosen rows",
)
"""Rows that deserved it among the labelled rows with the favourable decision: precision."""
KINDS = (SELECTED, FOUND, WRONGLY, RIGHT)
