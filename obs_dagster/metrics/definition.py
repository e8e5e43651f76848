"""What a metric means: its exact definition, under an id that every record carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obs_dagster.metrics.default_rule import DefaultRule

Family = Literal[
    "quality",
    "books",
    "labels",
    "drift",
    "multivariate",
    "performance",
    "estimate",
    "fairness",
    "champion",
    "service",
    "components",
    "explanation",
    "anomaly",
    "operation",
]

About = Literal["model", "column", "class", "component"]
"""What a number is about: the model as a whole, a column of the log, a class of the labels, or a component of
the system around the model; the record's column says which."""

Cells = Literal["every", "outputs", "none"]
"""The segment cells that have the metric: every one, those of the model's score only, or none."""

Written = Literal["number", "percent", "count", "milliseconds"]
"""How people read a value: with three digits, as a share of 100, as a whole number, as a time."""

Incident = Literal["behaviour", "labels", "schema"]
"""What goes wrong together: how model and inputs behave, the feed of labels, the columns of the log."""

Place = Literal["verdict", "trend", "objective", "summary", "counts", "components", "requests"]
"""Where a metric is shown without being asked for: as evidence of a verdict, as a chart of the health page,
as one of its objectives, in the metadata of its stage, among the counts of the reported day, as a column of
the table of components, in the line about all requests above it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Documents one metric; what others need to know of it stands here and nowhere else.

    Attributes:
        name: the metric's name in records, rules and reports (`psi`, `recall`).
        id: name of the exact definition and its revision (`psi/1`); changes with the formula.
        family: the stage that computes it.
        title: the name that people read ("Population stability index").
        meaning: one sentence that says what it measures.
        formula: the formula, with log base, binning, zero fill and normalisation.
        reference: the paper, or the function of a named library that gives the same number.
        interval: how the 95 % confidence interval is made.
        unit: `share`, `ms`, `rows`, … ; empty for a pure number.
        better: which direction is good; None where neither is.
        counts: what the rows behind the value (`n`) are ("positives").
        tally: whether the value counts rows; then it is known however few there are.
        tasks: the kinds of model that have it; empty for all. Metrics of different tasks may share a name
            if they mean the same to a reader.
        needs: what the monitor must have for it, as paths of its keys (`labels`, `logs.columns.status`).
        about: what the number is about.
        whole_log: whether it is about all versions together, recorded under the version `*`.
        by_version: whether it is recorded of each version beside that; rules watch these if they name them.
        cells: the segment cells that have it.
        daily: whether it is computed for the day alone, not for longer windows.
        noun: the name within a sentence; left out, `name` in words.
        written: how a value is written.
        shown: where it is shown without being asked for.
        rank: its place among those that are shown beside it, the lowest first.
        heading: what stands over its chart or its column of a table; left out, `title`. In that of a chart
            `{output}` stands for what the model puts out ("Score").
        clause: what is said around its value in a line: `{} fail`; left out, `{}` and its noun.
        from_zero: whether the axis of its chart begins at 0.
        adds_up: whether it is evidence of which nights add up, so that rules may hold it against a budget.
        saturates: a value from which on it hardly grows, whatever happens; None if there is none.
        watched: the rules that watch it where a monitor names none.
        incident: what alerts about it are put down to, so that those with other causes are other incidents.
        estimates: the metric that it says before labels do; empty if none.
        asked_with: metrics of one such name are computed where a rule watches one of them; empty: always.
        completes: the metric that it says on a part of the labels as it will be on all; empty if none.
        adapts: the metric that it says before labels do, of rows like those of now; empty if none.
    """

    name: str
    id: str
    family: Family
    title: str
    meaning: str
    formula: str
    reference: str
    interval: str
    unit: str = ""
    better: Literal["higher", "lower"] | None = None
    counts: str = "rows"
    tally: bool = False
    tasks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    about: About = "model"
    whole_log: bool = False
    by_version: bool = False
    cells: Cells = "every"
    daily: bool = False
    noun: str = ""
    written: Written = "number"
    shown: frozenset[Place] = frozenset()
    rank: int = 100
    heading: str = ""
    clause: str = ""
    from_zero: bool = True
    adds_up: bool = False
    saturates: float | None = None
    watched: tuple[DefaultRule, ...] = ()
    incident: Incident = "behaviour"
    estimates: str = ""
    asked_with: str = ""
    completes: str = ""
    adapts: str = ""

    @property
    def in_a_sentence(self) -> str:
        """The name within a sentence."""
        return self.noun or self.name.replace("_", " ")

    @property
    def headed(self) -> str:
        """What stands over its chart or its column."""
        return self.heading or self.title

    @property
    def in_a_line(self) -> str:
        """What is said around its value, with `{}` in the place of that."""
        return self.clause or f"{{}} {self.in_a_sentence}"

    @property
    def needs_labels(self) -> bool:
        """Whether labels decide it: a day's value changes until the wait for its labels is over."""
        return "labels" in self.needs

    @property
    def learns_from_labels(self) -> bool:
        """Whether labels teach it what it says: those of the days, or those of the baseline."""
        return self.needs_labels or self.family == "estimate"

    @property
    def tells_movement(self) -> bool:
        """Whether it says that something moved, not that something is wrong."""
        return self.family in ("drift", "multivariate", "explanation")

    @property
    def tells_in_words(self) -> bool:
        """Whether its records say beside a value what it is about: which groups, or which version."""
        return self.family in ("fairness", "champion")

    def serves(self, task: str) -> bool:
        """Whether models of a task have it."""
        return not self.tasks or task in self.tasks
