"""What a rule holds a metric against."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from obs_dagster.monitor.champion import CHAMPION, beside_champion, of_version
from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.threshold import Threshold


class Condition(Strict):
    """Holds one metric against a threshold: exactly one of `above` and `below`, or the champion, is given.

    By default a night counts as a breach only if the metric's whole confidence interval lies beyond the
    threshold.
    """

    metric: str = Field(default="", description="The metric that is watched; docs/metrics.md lists them.")
    window: int = Field(default=1, ge=1, description="Length of the window in days; one of `windows`.")
    above: float | str | None = Field(
        default=None,
        description="A breach is a value above this: a number; a part of what the metric is on the "
        "baseline (`120 % of baseline`), which is judged only if that is above 0 and of `min_rows` rows; of "
        "what it usually is (`150 % of usual`): the median of its values on the same weekday of the four "
        "weeks before, of at least two of them; of what it is for another version on the same night "
        "(`110 % of version 1`), or was for the same one (`150 % of 7 days ago`). Or a band around what is "
        "usual (`usual + 4 spreads`), of as many robust standard deviations as nights lie apart, of at "
        "least 14 nights of the eight weeks before. Or, for `drift_evidence`, what nights have to come to "
        "for a budget of false alarms: `budget`, or `budget of 2 per year`.",
    )
    below: float | str | None = Field(
        default=None,
        description="A breach is a value below this; written like `above`.",
    )
    better_than: Literal["champion"] | None = Field(
        default=None,
        description="In place of a threshold: a breach is that the metric of a version is known to be better "
        "than that of the monitor's `champion`, by an interval that may be looked at every night "
        "([versions.md](versions.md#a-rule-on-the-champion)). A lower error is a better one.",
    )
    worse_than: Literal["champion"] | None = Field(
        default=None, description="A breach is that it is known to be worse; written like `better_than`."
    )
    min_rows: int = Field(default=100, ge=1, description="Fewer rows behind the value: not judged.")
    confident: bool = Field(
        default=True, description="Count a breach only if the 95 % interval clears the threshold."
    )
    full_window: bool = Field(
        default=False,
        description="Judge a window only if it is full: not on the first nights of a version, whose "
        "windows of a week lack some of its days; and of drift, not while it lacks a day that the week "
        "before had.",
    )
    beyond_days: bool = Field(
        default=False,
        description="Count a breach only if days hardly differ so anyway, with a p-value below 0.1: of drift "
        "that of `drift_p_value`, of quality one by the days of the weeks before. As long as fewer than 20 "
        "days say how days differ, the rest decides.",
    )
    settled: bool | None = Field(
        default=None,
        description="Of metrics that need labels, judge only days whose labels are waited for no longer "
        "(`labels.max_delay_days`). Left out: as `labels.immature` says; metrics about labels themselves, "
        "as `label_coverage`, do not wait.",
    )
    columns: tuple[str, ...] | None = Field(
        default=None,
        description="Columns that are watched, by name or pattern (`dep_*`); left out: every column that has "
        "the metric.",
    )
    classes: tuple[str, ...] | None = Field(
        default=None,
        description="Classes that are watched, for metrics of a class, by name or pattern; left out: every "
        "class.",
    )
    components: tuple[str, ...] | None = Field(
        default=None,
        description="Components of the system that are watched, for metrics of a component, by name or "
        "pattern (`llm *`); left out: every one.",
    )

    def model_post_init(self, _: object, /) -> None:
        """What is held against the champion watches the difference from it: more than 0, or less."""
        if self.beside_champion:
            side = "above" if self.better_than else "below"
            object.__setattr__(self, "metric", beside_champion(self.metric))
            object.__setattr__(self, side, 0.0)

    @property
    def beside_champion(self) -> str:
        """What is held against the champion, as `better` or `worse`; empty if nothing is."""
        return "better" if self.better_than else "worse" if self.worse_than else ""

    def watches_column(self, column: str) -> bool:
        """Whether it watches a column, a class or a component, if the metric is about such."""
        return all(named(each, column) for each in (self.columns, self.classes, self.components))

    @property
    def direction(self) -> Literal["above", "below"]:
        """The side of the threshold that is wrong."""
        return "below" if self.above is None else "above"

    @property
    def told(self) -> str:
        """What is held against what, in a few words."""
        if self.beside_champion:
            return f"{of_version(self.metric)} {self.beside_champion} than the {CHAMPION}'s"
        held = self.threshold
        window = f" over {self.window} days" if self.window > 1 else ""
        return f"{self.metric}{window} {self.direction} {held.origin or f'{held.number:g}'}"

    @property
    def threshold(self) -> Threshold:
        """What values are held against.

        Raises:
            ValueError: there is none, or it is written in no known way.
        """
        written = self.below if self.above is None else self.above
        if written is None:
            raise ValueError(f"{self.metric} is held against no threshold")
        return Threshold.of_written(written)


def named(patterns: tuple[str, ...] | None, name: str) -> bool:
    """Whether one of the names or patterns is meant; without any, everything is."""
    return patterns is None or name in patterns or any(fnmatchcase(name, each) for each in patterns)
