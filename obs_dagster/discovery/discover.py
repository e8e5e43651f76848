"""From where a log is to what its monitor should say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from obs_dagster.discovery.asking import Ask, nobody
from obs_dagster.discovery.baseline import baseline_of
from obs_dagster.discovery.class_scores import ClassScores, class_scores
from obs_dagster.discovery.classes import TwoClasses, two_classes
from obs_dagster.discovery.column import Column
from obs_dagster.discovery.draft import Asked, Draft, LabelDraft
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.features import LeftOut, features_of
from obs_dagster.discovery.labels import DEFAULT_DELAY, LabelFiles, labels_of
from obs_dagster.discovery.layout import Layout, layout_of
from obs_dagster.discovery.packed_scores import Named, packed_scores, second_score
from obs_dagster.discovery.predicted_range import PredictedRange, beside_predictions, predicted_range
from obs_dagster.discovery.recognition import Recognised, recognise, roles
from obs_dagster.discovery.roles.status import successes
from obs_dagster.discovery.sample import Sample, sampled
from obs_dagster.discovery.segments import segments_of
from obs_dagster.discovery.table import table_at
from obs_dagster.discovery.task import Evidence, may_be_uplift, ranks, roles_of, task_of
from obs_dagster.discovery.version import version_of
from obs_dagster.discovery.zone import zone_of
from obs_dagster.monitor.data import OUTPUT_ROLES, LogColumns
from obs_dagster.sources.files import connect
from obs_dagster.sources.score_scale import recognised_scale

_BINARY, _MULTICLASS, _RANKING = "binary_classification", "multiclass_classification", "ranking"
_UPLIFT = "uplift"
_RANKED = ("request", "item", "rank")


def discover(asked: Asked, ask: Ask = nobody) -> Draft:
    """What a monitor of a log should say.

    Args:
        asked: where log, labels and training rows are, and what is known already.
        ask: who decides what is open; left out: what is likeliest is taken.

    Raises:
        DiscoveryError: there are no files, or what is needed cannot be told; the remedy names the option.
        SourceError: a file cannot be read.
    """
    layout = table_at(asked.logs) or layout_of(asked.logs)
    with connect() as connection:
        sample = sampled(connection, layout)
        if not sample.rows:
            raise DiscoveryError(
                f"The files at {layout.pattern} have no rows.",
                remedy="Name a log that has some: `--logs PATH`.",
            )
        labels = labels_of(connection, asked.labels, sample, asked.columns, ask) if asked.labels else None
        return _Discovery(asked, ask, layout, sample, labels).draft()


@dataclass(frozen=True, slots=True)
class _Discovery:
    asked: Asked
    ask: Ask
    layout: Layout
    sample: Sample
    labels: LabelFiles | None

    def draft(self) -> Draft:
        known = self._with_score(self._recognised())
        scores = self._class_scores(known)
        if scores.packed and len(scores.columns) == 2 and "score" not in known:  # noqa: PLR2004  two classes
            known, scores = known | {"score": second_score(scores)}, ClassScores()
        task = task_of(self._evidence(known, scores.columns), self.asked.task, self.ask)
        scores = scores if task.value == _MULTICLASS else ClassScores()
        kept = self._of_task(known, task.value, scores.columns)
        if "time" not in kept:
            raise self._no_time()
        idle = [
            LeftOut(each.column, f"{task.value} has no use for a {role}")
            for role, each in known.items()
            if role != "label"
        ]
        used = {each.column for each in kept.values()} | {*scores.columns.values()}
        used |= {known["label"].column} if "label" in known else set()
        of_interest = "prediction" in kept and "interval" in roles_of(task.value)
        around = (
            predicted_range(self.sample, kept["prediction"].column, used) if of_interest else PredictedRange()
        )
        used |= {*around.columns}
        idle += [LeftOut(name, "a monitor has one predicted interval") for name in around.others]
        idle = [each for each in idle if each.name not in used or each.name in around.others]
        features, left = features_of(self.sample, used | {each.name for each in idle})
        if not features:
            raise DiscoveryError(
                "No column is left that could be a feature.",
                remedy="A monitor needs one that the model reads; the log has "
                f"{', '.join(self.sample.columns)}.",
            )
        status = kept.get("status")
        first, last = self._days(kept["time"].column)
        column = self._output(kept, "version")
        version = version_of(self.layout, [value for value, _ in column.top] if column else [])
        return Draft(
            model=self.asked.model,
            task=task,
            zone=zone_of(self.sample, kept["time"].column, self.layout.days, self.asked.time_zone),
            layout=self.layout,
            first=first,
            last=last,
            rows=self.sample.rows,
            files=self.sample.files,
            roles={role: kept[role] for role in LogColumns.model_fields if role in kept},
            version=version,
            class_scores=scores,
            around=around,
            classes=self._classes(known) if task.value == _MULTICLASS and not scores.columns else (),
            decisions=self._decisions(kept) if task.value == _BINARY else None,
            scale=self._scale(kept) if task.value == _BINARY else "",
            form=self._column(kept["time"]).form,
            csv=self.sample.csv,
            ok_statuses=successes(self._column(status)) if status else (),
            labels=self._labels(known, kept, two=task.value == _BINARY),
            features=features,
            left_out=[*idle, *left],
            segments=segments_of(features, self.sample.rows, self._rows_a_day(kept["time"].column)),
            baseline=baseline_of(self.asked.training, version.versions, (last - first).days + 1),
        )

    def _recognised(self) -> dict[str, Recognised]:
        """The column of each role, of whatever task."""
        given = dict(self.asked.columns)
        own = self.labels.key.of_log if self.labels else None
        key = {"prediction_id": own} if own else {}
        given |= {role: each.column for role, each in key.items()}
        ranked = self._ranked(given)
        not_wanted = {*(() if ranked else _RANKED), *(("label",) if self.labels else ())}
        # else whether somebody was treated is a feature, as in hospitals
        not_wanted |= set() if self._treated(given) else {"treatment"}
        wanted = [name for name in roles() if name not in not_wanted or name in given]
        if self.labels:
            given.pop("label", None)
        beside, median = beside_predictions(self.sample, {*given.values()})
        found = recognise(self.sample, "logs", given, self.ask, wanted=wanted, without=beside) | key
        if beside and not {"prediction", "score"} & {*found}:
            if not median:
                return recognise(self.sample, "logs", given, self.ask, wanted=wanted) | key
            why = "the median of the predicted quantiles"
            found["prediction"] = Recognised(median, why, sure=True, option="--prediction")
        return found

    def _with_score(self, known: dict[str, Recognised]) -> dict[str, Recognised]:
        """A prediction that is a probability of one of two classes is a score, whatever it is called."""
        prediction, label = self._output(known, "prediction"), self._label(known)
        if prediction is None or label is None or "score" in known or "prediction" in self.asked.columns:
            return known
        if prediction.probability and label.distinct <= 2:  # noqa: PLR2004  two classes
            score = replace(known["prediction"], option="--score")
            return {role: each for role, each in known.items() if role != "prediction"} | {"score": score}
        return known

    def _treated(self, given: Mapping[str, str]) -> bool:
        """Whether the score may be what a treatment adds."""
        if self.asked.task:
            return self.asked.task == _UPLIFT
        columns = self.sample.columns
        claimed = [each.column for each in roles()["score"].claims(self.sample, columns.values())]
        score = given.get("score") or next(iter(claimed), "")
        return score in columns and may_be_uplift(columns[score])

    def _ranked(self, given: Mapping[str, str]) -> bool:
        """Whether rows are items of requests."""
        if self.asked.task:
            return self.asked.task == _RANKING
        known = roles()
        columns = list(self.sample.columns.values())
        request, item = (
            given.get(role) or next((each.column for each in known[role].claims(self.sample, columns)), "")
            for role in ("request", "item")
        )
        if not request or not item or request == item or not {request, item} <= {*self.sample.columns}:
            return False
        return ranks(self.sample, request, item)

    def _class_scores(self, known: Mapping[str, Recognised]) -> ClassScores:
        """The probabilities of several classes; of two only if neither is the score."""
        taken = {each.column for role, each in known.items() if role != "score"}
        packed = packed_scores(self.sample, taken, list(self._named(known)))
        if packed.columns and (packed.packed or len(packed.columns) > 2):  # noqa: PLR2004  two classes
            return packed
        classes = [value for each in self._named(known) for value, _ in each.column.top]
        found = class_scores(self.sample, taken, classes)
        score = known["score"].column if "score" in known else ""
        two = len(found) == 2 and score in found.values()  # noqa: PLR2004  two classes
        return ClassScores() if two else ClassScores(found)

    def _named(self, known: Mapping[str, Recognised]) -> Iterator[Named]:
        """What names classes: predictions, and labels."""
        own = f"{self.sample.table} AS a"
        if (served := self._output(known, "prediction")) is not None:
            yield Named(served, own, "a", served=True)
        if (label := self._label(known)) is not None:
            rows, of = (self.labels.rows(self.sample), "b") if self.labels else (own, "a")
            yield Named(label, rows, of, served=False)

    def _evidence(self, known: Mapping[str, Recognised], scores: Mapping[str, str]) -> Evidence:
        outputs = {
            role: self._column(each)
            for role, each in known.items()
            if role in OUTPUT_ROLES and each.column not in scores.values()
        }
        lists = (name.removesuffix("[1]") for name in self.sample.columns if name.endswith("[1]"))
        return Evidence(outputs, scores, self._label(known), tuple(lists))

    def _label(self, known: Mapping[str, Recognised]) -> Column | None:
        """The true values, of files of their own or of the log itself."""
        return self.labels.sample.columns[self.labels.label] if self.labels else self._output(known, "label")

    def _of_task(
        self, known: Mapping[str, Recognised], task: str, scores: Mapping[str, str]
    ) -> dict[str, Recognised]:
        """The columns that a monitor of a task names."""
        legal = roles_of(task)
        kept = {
            role: each
            for role, each in known.items()
            if (role not in OUTPUT_ROLES or role in legal)
            and each.column not in scores.values()
            and role != "label"
        }
        if "prediction" in legal and "score" not in legal and "prediction" not in kept and not scores:
            # what a regressor puts out may be called its score
            score = known.get("score")
            kept |= {"prediction": replace(score, option="--prediction")} if score else {}
        if task == _BINARY and "prediction" in kept and self._decisions(kept) is None:
            del kept["prediction"]
        return kept

    def _no_time(self) -> DiscoveryError:
        role = roles()["time"]
        return DiscoveryError(
            f"{role.question} No column of the log looks like it.",
            remedy=f"Name it: `{role.option} COLUMN`. There are: {', '.join(self.sample.columns)}.",
        )

    def _decisions(self, kept: Mapping[str, Recognised]) -> TwoClasses | None:
        """What the decisions of a log mean; None if there are none of two classes."""
        if "prediction" not in kept:
            return None
        score = kept["score"].column if "score" in kept else ""
        column = self._column(kept["prediction"])
        return two_classes(column, self.sample, score, f"{self.sample.table} AS a", "a")

    def _scale(self, kept: Mapping[str, Recognised]) -> str:
        """How scores are written that are no probabilities as they are; empty for others."""
        score = self._output(kept, "score")
        if score is None or score.low is None or score.high is None:
            return ""
        found = recognised_scale(score.low, score.high)
        return "" if found in (None, "probability") else str(found)

    def _classes(self, kept: Mapping[str, Recognised]) -> Sequence[str]:
        """Every class that predictions and labels name."""
        columns = (self._output(kept, "prediction"), self._label(kept))
        return sorted({value for column in columns if column for value, _ in column.top})

    def _labels(
        self, known: Mapping[str, Recognised], kept: Mapping[str, Recognised], *, two: bool
    ) -> LabelDraft | None:
        label = self._label(known)
        if label is None:
            return None
        found, own = self.labels, f"{self.sample.table} AS a"
        score = kept["score"].column if "score" in kept else ""
        rows, of = (found.rows(self.sample), "b") if found else (own, "a")
        classes = two_classes(label, self.sample, score, rows, of) if two else None
        if found is None:
            why = "how long labels take is not known: nights wait so many days for them"
            return LabelDraft("", "", {"label": known["label"]}, classes, (DEFAULT_DELAY, why))
        delay = found.delay(self.sample, kept["time"].column)
        known_at = found.columns.get("known_at")
        return LabelDraft(
            found.layout.every,
            found.layout.source,
            found.columns,
            classes,
            delay,
            form=found.sample.columns[known_at.column].form if known_at else "",
            csv=found.sample.csv,
            keys=found.key.keys,
        )

    def _days(self, time: str) -> tuple[dt.date, dt.date]:
        """The first day and the last one: as files name them, or as far as the sample's rows tell."""
        if self.layout.days:
            return self.layout.days[0], self.layout.days[-1]
        date = f"CAST({self.sample.moment(time)} AS DATE)"
        query = f"SELECT min({date}), max({date}) FROM {self.sample.table}"
        first, last = self.sample.connection.execute(query).fetchall()[0]
        return first, last

    def _rows_a_day(self, time: str) -> float:
        """How many rows a day has, at least."""
        if days := len(self.layout.days):
            return self.sample.rows / self.sample.files * len(self.layout.files) / days
        dates = self.sample.count(
            f"SELECT count(DISTINCT CAST({self.sample.moment(time)} AS DATE)) FROM {self.sample.table}"
        )
        return self.sample.rows / max(dates, 1)

    def _output(self, known: Mapping[str, Recognised], role: str) -> Column | None:
        return self._column(known[role]) if role in known else None

    def _column(self, found: Recognised) -> Column:
        return self.sample.columns[found.column]
