"""A monitor to be: everything that a sample says, with how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from obs_dagster.discovery.baseline import BaselineFound
from obs_dagster.discovery.class_scores import ClassScores
from obs_dagster.discovery.classes import TwoClasses
from obs_dagster.discovery.features import Feature, LeftOut
from obs_dagster.discovery.layout import Layout
from obs_dagster.discovery.predicted_range import PredictedRange
from obs_dagster.discovery.recognition import Recognised
from obs_dagster.discovery.segments import Segment
from obs_dagster.discovery.task import Choice
from obs_dagster.discovery.version import VersionFound
from obs_dagster.monitor.csv_dialect import CsvDialect


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person said.

    Attributes:
        model: its name.
        logs, labels, training: files, folders or globs; empty for none.
        columns: columns by role.
        task, time_zone: empty where the sample decides.
    """

    model: str
    logs: str
    labels: str = ""
    training: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """The labels of a monitor to be.

    Attributes:
        pattern, source: where the files are, and their format; empty if it is a column of the log.
        columns: the column of each role.
        classes: the two classes; None where there are not two.
        delay: days that labels are waited for, and why.
        form: how `known_at` is written, if nothing but a format reads it.
        csv: how CSV files are written, if not as most are.
        keys: the log's column for each column that labels are joined by; empty if that is the id.
    """

    pattern: str
    source: str
    columns: Mapping[str, Recognised]
    classes: TwoClasses | None
    delay: tuple[int, str]
    form: str = ""
    csv: CsvDialect | None = None
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A monitor to be.

    Attributes:
        model: its name.
        task, zone: what kind of model it is, and when its days begin.
        layout: where the files are.
        first, last: the days between which there are rows.
        rows, files: of the sample.
        roles: the column of each role.
        version: the version of every row, or where the path names it; empty where a column does.
        class_scores: the columns of the classes' probabilities.
        around: the interval and the quantiles of a predicted number.
        classes: the names of all classes of a multiclass model, where scores do not name them.
        decisions: what decisions mean; None where there are none, or they spell true and false.
        scale: how probabilities are written; empty if as such.
        form: how times are written, if nothing but a format reads them.
        csv: how CSV files are written, if not as most are.
        ok_statuses: values of the status that are successes.
        labels: None for none.
        features, left_out: the other columns.
        segments: by which metrics are split.
        baseline: what versions are compared with.
    """

    model: str
    task: Choice
    zone: Choice
    layout: Layout
    first: dt.date
    last: dt.date
    rows: int
    files: int
    roles: Mapping[str, Recognised]
    version: VersionFound
    class_scores: ClassScores
    around: PredictedRange
    classes: Sequence[str]
    decisions: TwoClasses | None
    scale: str
    form: str
    csv: CsvDialect | None
    ok_statuses: Sequence[str]
    labels: LabelDraft | None
    features: Sequence[Feature]
    left_out: Sequence[LeftOut]
    segments: Sequence[Segment]
    baseline: BaselineFound

    @property
    def choices(self) -> dict[str, Choice]:
        """Everything that was chosen by what the sample says, by what it is."""
        labels = self.labels.columns if self.labels else {}
        version = {} if self.version.in_column else {"version": self.version.choice}
        columns = {role: each for role, each in labels.items() if role != "prediction_id"}
        baseline = Choice(
            str(self.baseline.keys["kind"]), self.baseline.why, self.baseline.sure, "--training"
        )
        return {
            "task": self.task,
            "time_zone": self.zone,
            **{
                role: Choice(each.column, each.why, each.sure, each.option)
                for role, each in {**self.roles, **columns}.items()
            },
            **self._outputs,
            **version,
            "baseline": baseline,
        }

    @property
    def _outputs(self) -> dict[str, Choice]:
        """What the model puts out in several columns, or in parts of one."""
        found = {}
        if self.class_scores.packed:
            names = ", ".join(self.class_scores.columns)
            why = f"its values sum to 1; of {names} ({self.class_scores.why})"
            found["scores"] = Choice(self.class_scores.packed, why, self.class_scores.sure)
        if interval := self.around.interval:
            ends = f"{interval.low}, {interval.high}"
            found["interval"] = Choice(ends, interval.why, interval.sure)
        if quantiles := self.around.quantiles:
            levels = ", ".join(f"{level:g}" for level in quantiles)
            found["quantiles"] = Choice(", ".join(quantiles.values()), f"of {levels}; they ascend")
        return found
