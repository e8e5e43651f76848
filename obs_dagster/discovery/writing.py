"""A monitor file with comments: what was recognised, from what, how sure that is, and what to edit."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.discovery.classes import TwoClasses
from obs_dagster.discovery.draft import Draft
from obs_dagster.discovery.recognition import Recognised
from obs_dagster.discovery.yaml_text import comment, entries, entry, mapping, scalar, sequence
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.data import LabelColumns, LogColumns

#: A log whose last day is so many days ago is complete.
_OVER = dt.timedelta(days=7)


def written(draft: Draft, folder: Path, today: dt.date) -> str:
    """The text of a monitor file.

    Args:
        draft: what it says.
        folder: the folder of the file, from which relative paths start.
        today: the present day.
    """
    writer = _Writer(draft, folder, today)
    return "\n\n".join("\n".join(section) for section in writer.sections() if section) + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    draft: Draft
    folder: Path
    today: dt.date

    def sections(self) -> Iterator[list[str]]:
        """The parts of the file, each as lines."""
        yield list(self._head())
        yield list(self._model())
        yield list(self._calendar())
        yield list(self._logs())
        yield list(self._labels())
        yield list(self._multiclass())
        yield list(self._features())
        yield list(self._segments())
        yield list(self._baseline())
        yield list(self._rules())
        yield list(self._reports())
        yield list(self._people())

    def _head(self) -> Iterator[str]:
        draft = self.draft
        files = f"{draft.files} of {len(draft.layout.files):,} files" if draft.files > 1 else "one file"
        files = "the table" if draft.layout.kept else files
        yield from comment(
            f"Written by `obs init` from a sample: {draft.rows:,} rows of {files}. Comments say what a line "
            "was recognised by; GUESS is what was likeliest, so look there first. `obs check` names every "
            "mistake, and docs/monitor.md explains every key."
        )

    def _model(self) -> Iterator[str]:
        yield f"model: {self.draft.model}"
        yield 'description: ""  # what it predicts, in a sentence: people read it in alerts and on pages'
        yield "# owner: team:yours  # or an e-mail address: who is told"
        task = self.draft.task
        yield from entry("task", task.value, task.why, sure=task.sure)

    def _calendar(self) -> Iterator[str]:
        zone = self.draft.zone
        yield from entry("time_zone", scalar(zone.value, flow=False), zone.why, sure=zone.sure)
        yield f"start: {self.draft.first}  # the first day that is evaluated"
        if self.today - self.draft.last > _OVER:
            yield f"end: {self.draft.last}  # the log ends here: leave this out if more days are to come"
        yield "schedule: 0 5 * * *  # when the night runs: a day's rows have to be there by then"

    def _logs(self) -> Iterator[str]:
        draft = self.draft
        yield from comment("The inference log: one row per prediction.")
        yield "logs:"
        yield f"  source: {draft.layout.source}"
        yield f"  path: {scalar(self._place(draft.version.pattern), flow=False)}"
        yield from _how(draft.form, draft.csv)
        if draft.version.constant:
            choice = draft.version.choice
            yield from entry("version", scalar(choice.value), choice.why, indent=2, sure=False)
        yield "  columns:"
        yield from self._columns()
        if draft.scale:
            yield f"  scale: {draft.scale}  # as the values are; from here on they are probabilities"
        if draft.task.value == "binary_classification" and draft.decisions is None:
            yield "  threshold: 0.5  # from this score on the decision is positive: write the one in use"
        yield from _classes(draft.decisions)
        if draft.ok_statuses:
            yield f"  ok_statuses: {sequence(draft.ok_statuses)}  # what of `status` is a success"

    def _multiclass(self) -> Iterator[str]:
        """The classes, where no column is called after them."""
        scores = self.draft.class_scores
        if scores.packed:
            yield "multiclass:"
            yield from entry("classes", sequence(scores.columns), scores.why, indent=2, sure=scores.sure)
        elif self.draft.classes:
            yield "multiclass:"
            yield f"  classes: {sequence(self.draft.classes)}  # all that were seen"

    def _columns(self) -> Iterator[str]:
        found = self.draft.roles
        if "prediction_id" not in found:
            yield from comment(
                "prediction_id: no column has an id of its own in every row; rows get one made of all that "
                "they say.",
                4,
            )
        for role in LogColumns.model_fields:
            if role in found:
                yield from _column(role, found[role])
            elif role == "scores":
                yield from self._scores()
            elif role == "interval" and (interval := self.draft.around.interval):
                ends = sequence((interval.low, interval.high))
                yield from entry(role, ends, interval.why, indent=4, sure=interval.sure)
            elif role == "quantiles" and (quantiles := self.draft.around.quantiles):
                levels = ", ".join(f"{level:.15g}: {scalar(name)}" for level, name in quantiles.items())
                yield from entry(
                    role, f"{{{levels}}}", "by the levels in their names, which ascend", indent=4
                )

    def _scores(self) -> Iterator[str]:
        scores = self.draft.class_scores
        if scores.packed:
            name = scalar(scores.packed, flow=False)
            yield f"    scores: {name}  # a probability of each of multiclass.classes; they sum to 1"
        elif scores.columns:
            yield "    scores:  # a probability of each class, named as the labels name it; they sum to 1"
            yield from (f"      {scalar(name)}: {scalar(column)}" for name, column in scores.columns.items())

    def _labels(self) -> Iterator[str]:
        labels = self.draft.labels
        if labels is None:
            if self.draft.task.value != "unlabelled":
                yield from comment(
                    "Without labels nobody knows whether the model is right. Once there are some:\n"
                    "labels:\n  source: csv\n  path: labels/*.csv\n"
                    "  columns: {prediction_id: id, label: label, known_at: known_at}"
                )
            return
        yield from comment(
            "What really happened. Labels may come late: exactly the days they touch are evaluated again."
        )
        yield "labels:"
        if labels.source:
            yield f"  source: {labels.source}"
            yield f"  path: {scalar(self._place(labels.pattern), flow=False)}"
            yield from _how(labels.form, labels.csv)
        else:
            yield from comment(
                "without source and path: a column of the log itself, read again when files change", 2
            )
        yield "  columns:"
        if labels.keys:
            same = list(labels.keys.items())
            keys = sequence(labels.keys) if all(one == other for one, other in same) else mapping(labels.keys)
            yield f"    keys: {keys}  # labels have no id of a prediction: these say of which it is"
        for role in LabelColumns.model_fields:
            if role in labels.columns:
                yield from _column(role, labels.columns[role])
        yield from _classes(labels.classes)
        yield f"  max_delay_days: {labels.delay[0]}  # {labels.delay[1]}"

    def _features(self) -> Iterator[str]:
        yield from comment(
            "What the model reads. A row that breaks a contract goes to quarantine and is not evaluated, so "
            "what was merely seen is only suggested here: move it between the braces where it must be true "
            "of every sound row."
        )
        yield "features:"
        for feature in self.draft.features:
            why = f"seen: {feature.seen}"
            if feature.suggested:
                why += f"; suggestion: {entries(feature.suggested)}"
            inside = {"column": feature.column.name} if feature.column.name != feature.name else {}
            contract = mapping({"type": feature.type, **inside, **feature.keys})
            yield from entry(scalar(feature.name), contract, why, indent=2)
        if self.draft.left_out:
            yield from comment("Left out:", 2)
            for left in self.draft.left_out:
                yield from comment(f"- {left.name}: {left.why}", 2)

    def _segments(self) -> Iterator[str]:
        if not self.draft.segments:
            return
        yield from comment("Metrics are split by each value of these.")
        yield "segments:"
        for segment in self.draft.segments:
            yield f"  - {scalar(segment.name)}  # {segment.why}"

    def _baseline(self) -> Iterator[str]:
        found = self.draft.baseline
        keys = {key: self._place(value) if key == "path" else value for key, value in found.keys.items()}
        yield from comment(
            f"{'' if found.sure else 'GUESS: '}What each version is compared with: {found.why}."
        )
        if found.sure and found.keys["kind"] == "rolling":
            yield from comment(
                "Training data say more, for they do not move with what is wrong: `kind: training`, with the "
                "`path` of each version's rows (training/{version}.csv)."
            )
        yield "baseline:"
        yield from (f"  {key}: {scalar(value, flow=False)}" for key, value in keys.items())
        if found.keys["kind"] == "rolling":
            yield from comment(
                "`leave_out`: days on which something was wrong are not what later days are compared with; "
                "after a change that is meant, write `keep`."
            )
            yield from comment(
                "In days, each ending with the night; longer ones would be compared with themselves."
            )
            yield "windows: [1, 7]"

    def _rules(self) -> Iterator[str]:
        yield from comment(
            "The default rules of every metric that this monitor has. Rules of your own stand beside them in "
            "a list, `[defaults, {name: …}]`; one of the same name takes the place of the default."
        )
        yield "alerts: defaults"

    def _reports(self) -> Iterator[str]:
        yield from comment(
            "Evidently's pages take longer than all else of a night: once a week is enough to begin with."
        )
        yield "reports: {evidently_every_days: 7}"

    def _people(self) -> Iterator[str]:
        yield from comment(
            "Who is told (docs/alerting.md has the channels), with secrets from the environment, and who\n"
            "notices if no night runs:\n"
            "routes:\n  - url: slack-bot://${SLACK_TOKEN}/${SLACK_CHANNEL}\n"
            "heartbeat: https://hc-ping.com/${PING_KEY}\n"
            "Where the versions are registered in MLflow, for explanations:\n"
            f"registry: {{name: {self.draft.model}}}"
        )

    def _place(self, path: object) -> str:
        """A path from the file's folder on, if it is below the folder that this one is in."""
        place, above = Path(str(path)), self.folder.parent
        return os.path.relpath(place, self.folder) if place.is_relative_to(above) else str(place)


def _classes(classes: TwoClasses | None) -> Iterator[str]:
    """Which value means which class, unless they spell it."""
    if classes is not None and classes.positive:
        yield from entry("positive", scalar(classes.positive), classes.why, indent=2, sure=classes.sure)
        yield f"  negative: {scalar(classes.negative)}"


def _how(form: str, dialect: CsvDialect | None) -> Iterator[str]:
    """How files are written, as far as that has to be said."""
    if dialect is not None:
        written = dialect.model_dump(exclude_defaults=True)
        yield f"  csv: {mapping(written)}  # as the first file is written"
    if form:
        yield f"  times: {{format: {scalar(form)}}}  # what has no zone is UTC, unless `zone` says another"


def _column(role: str, found: Recognised) -> Iterator[str]:
    why = found.why
    if not found.sure:
        others = f"; it could also be {', '.join(found.others)}" if found.others else ""
        why = f"{why}{others} ({found.option} COLUMN)"
    yield from entry(role, scalar(found.column, flow=False), why, indent=4, sure=found.sure)
