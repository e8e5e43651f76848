"""What kind of model a log is of: from what the model puts out, and what labels are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from obs_dagster.discovery.asking import Ask, Question
from obs_dagster.discovery.column import Column
from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.sample import Sample
from obs_dagster.monitor.problem import nearest, quoted
from obs_dagster.monitor.task import TASKS, HasRoles, tasks

_MOST_CLASSES, _MOST_NUMBERS = 100, 20
#: Rows of a ranking may lack their request, or be logged twice.
_MOSTLY = 0.98
_NO_LABELS = "there are no labels"
_PERCENT = re.compile("prob|pct|percent|likelihood")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was recognised that a task follows from.

    Attributes:
        outputs: the columns that the model puts out, by role.
        class_scores: the column of each class's probability.
        label: the true values; None if there are none.
        lists: the columns that are lists of several values, in whatever role.
    """

    outputs: Mapping[str, Column]
    class_scores: Mapping[str, str]
    label: Column | None = None
    lists: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and how sure that is.

    Attributes:
        value: what it is.
        why: what speaks for it.
        sure: whether nothing speaks for anything else.
        option: what says otherwise on the command line.
    """

    value: str
    why: str
    sure: bool = True
    option: str = ""


def ranks(sample: Sample, request: str, item: str) -> bool:
    """Whether the rows of a request are different items."""
    return sample.distinct(request, item) >= sample.rows * _MOSTLY


def task_of(evidence: Evidence, given: str, ask: Ask) -> Choice:
    """The task that fits what was recognised best.

    Args:
        evidence: what was recognised.
        given: the task that a person named; empty for none.
        ask: who decides between several.

    Raises:
        DiscoveryError: there is no such task, or the log has nothing that a model could have put out.
    """
    if given:
        if given not in tasks():
            meant = nearest(given, tasks())
            raise DiscoveryError(
                f"There is no task {quoted(given)}.",
                remedy=(f"Did you mean {quoted(meant)}? " if meant else "")
                + f"Known: {', '.join(TASKS.all())}.",
            )
        return Choice(given, "named by --task", option="--task")
    found = list(_fitting(evidence))
    if not found:
        raise _nothing(evidence)
    if _is_anomaly(evidence) and ("unlabelled", _NO_LABELS) in found:
        return Choice("unlabelled", "its score is of anomalies, and there are no labels", option="--task")
    # what any log without labels may be is said only of one that is nothing else
    found = [each for each in found if each != ("unlabelled", _NO_LABELS)] or found
    if len(found) > 1 and evidence.label is None:
        answer = ask(Question("What kind of model is it?", "--task", found))
        if answer:
            return Choice(answer, dict(found)[answer], option="--task")
    return Choice(*found[0], sure=len(found) == 1, option="--task")


def _fitting(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """The tasks that the evidence is of, the likeliest first, each with what speaks for it."""
    for name, fits in _TASKS:
        if why := fits(evidence):
            yield name, why


def _is_anomaly(evidence: Evidence) -> bool:
    score = evidence.outputs.get("score")
    return score is not None and any(word in score.plain_name for word in ("anomal", "outlier", "novelty"))


def may_be_uplift(score: Column) -> bool:
    """Whether a score may be what a treatment adds; the chance of the positive class is not below 0."""
    return score.numeric and ((score.low or 0.0) < 0 or "uplift" in score.plain_name)


def _ranking(evidence: Evidence) -> str:
    return "the rows of a request are different items" if {"request", "item"} <= {*evidence.outputs} else ""


def _multiclass(evidence: Evidence) -> str:
    label, prediction = evidence.label, evidence.outputs.get("prediction")
    if len(evidence.class_scores) > 1:
        return f"there are scores of {len(evidence.class_scores)} classes that sum to 1"
    if prediction is None or not _of_names(prediction):
        return ""
    if label is None:
        return f"its predictions are {prediction.distinct} names" if _several(prediction) else ""
    if "score" in evidence.outputs and label.distinct <= 2:  # noqa: PLR2004  that is binary
        return ""
    return f"predictions and labels are {label.distinct} classes" if _of_names(label) else ""


def _uplift(evidence: Evidence) -> str:
    score, label = evidence.outputs.get("score"), evidence.label
    if score is None or "treatment" not in evidence.outputs:
        return ""
    if label is not None and label.distinct > 2:  # noqa: PLR2004  two classes
        return ""
    return "there is a treatment, and a score of what it adds" if may_be_uplift(score) else ""


def _binary(evidence: Evidence) -> str:
    score, label = evidence.outputs.get("score"), evidence.label
    if score is None or (label is not None and label.distinct > 2):  # noqa: PLR2004  two classes
        return ""
    if label is not None and score.numeric:
        return "there is a score, and labels are of two classes"
    if score.probability:
        return "there is a score from 0 to 1"
    percent = score.numeric and score.within(0, 100) and _PERCENT.search(score.plain_name)
    return "there is a probability in percent" if percent else ""


def _regression(evidence: Evidence) -> str:
    prediction = evidence.outputs.get("prediction", evidence.outputs.get("score"))
    if prediction is None or not prediction.numeric or evidence.class_scores:
        return ""
    if evidence.label is not None and not evidence.label.numeric:
        return ""
    known = evidence.label or prediction
    if known.distinct <= _MOST_NUMBERS and known.integral:
        return ""
    if evidence.label is None and "prediction" not in evidence.outputs:
        return ""
    return "predictions and labels are numbers" if evidence.label else "its predictions are numbers"


def _unlabelled(evidence: Evidence) -> str:
    if evidence.label is not None or not {"score", "prediction"} & {*evidence.outputs}:
        return ""
    return _NO_LABELS


#: The likeliest first.
_TASKS: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("ranking", _ranking),
    ("uplift", _uplift),
    ("multiclass_classification", _multiclass),
    ("binary_classification", _binary),
    ("regression", _regression),
    ("unlabelled", _unlabelled),
)


def _of_names(column: Column) -> bool:
    """Whether values are names of classes: texts, truths or a few whole numbers."""
    most = _MOST_NUMBERS if column.numeric else _MOST_CLASSES
    return column.distinct <= most and not (column.numeric and not column.integral)


def _several(column: Column) -> bool:
    return column.distinct > 2  # noqa: PLR2004  two are a decision


def _nothing(evidence: Evidence) -> DiscoveryError:
    said = ", ".join(evidence.outputs) or "none"
    if evidence.lists:
        several = ", ".join(evidence.lists)
        return DiscoveryError(
            f"No column looks like what the model puts out (found: {said}); a row has several values in "
            f"{several}.",
            remedy="If a row is a request with several predictions, log a row for each of them. If one value "
            f"of a list is the output, name it: `--score '{evidence.lists[0]}[1]'`.",
        )
    return DiscoveryError(
        f"No column looks like what the model puts out (found: {said}).",
        remedy="Name it: `--score COLUMN` (a number, such as a probability) or `--prediction COLUMN` "
        "(a class or a number), and `--task` if the kind of model is not told by it.",
    )


def roles_of(name: str) -> tuple[str, ...]:
    """The roles of columns that a task has a use for."""
    task = TASKS.named(name)
    return task.roles if isinstance(task, HasRoles) else ("score", "prediction")
