"""Whether the registered model takes the log's rows, and gives the log's scores."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """How the registered model took the rows that were drawn to be explained.

    Attributes:
        drawn: rows that it was given.
        refused: rows of these that it gave no score.
        compared: rows that have a score in the log too.
        differing: rows of these whose scores differ by more than rounding in the log explains.
        largest: the largest absolute difference; None if no rows were compared.
    """

    drawn: int
    refused: int
    compared: int
    differing: int
    largest: float | None


def _of_model(given: object) -> bool:
    return isinstance(given, ModelCheck)


def _refused(check: ModelCheck) -> Estimate:
    return share(check.refused, check.drawn, reason=NO_ROWS)


def _mismatch(check: ModelCheck) -> Estimate:
    return share(check.differing, check.compared, reason="no scored rows")


def _difference(check: ModelCheck) -> Estimate:
    if check.largest is None:
        return Estimate.missing("no scored rows")
    return Estimate(check.largest, None, None, check.compared)


METRICS = (
    Metric(
        Definition(
            name="score_mismatch_share",
            id="score_mismatch_share/1",
            family="explanation",
            title="Share of scores that the registered model does not give",
            meaning="The share of rows whose score in the log is not the one that the registered model "
            "gives for the same features: another model served them, or it was given other values.",
            formula="rows with |score again - logged score| > tolerance / rows with both; the tolerance is "
            "1e-6, or half of the last decimal if all logged scores are rounded to 2 to 5 decimals. Over the "
            "rows drawn for explanations.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
            watched=(
                DefaultRule(
                    name="scores_not_the_models",
                    above=0.5,
                    min_rows=50,
                    severity="critical",
                    summary="Most scores of the log are not what the registered model gives for the logged "
                    "features. Does another model serve, are features given in another form than they are "
                    "logged, or are scores changed on the way?",
                    why="A model gives the same score for the same values; what most rows lack is no "
                    "rounding. It is found on the first night, without labels.",
                ),
                DefaultRule(
                    name="some_scores_not_the_models",
                    above=0.05,
                    min_rows=100,
                    summary="A part of the log's scores is not what the registered model gives for the "
                    "logged features. Does another version answer a part of the traffic?",
                    why="One row of twenty, for sure. Requests that another version answers, or features "
                    "that some clients give in another form, are a part of the rows only.",
                ),
            ),
        ),
        _mismatch,
        _of_model,
    ),
    Metric(
        Definition(
            name="score_difference",
            id="score_difference/max-abs/1",
            family="explanation",
            title="Largest difference from the registered model's score",
            meaning="How far a score in the log is at most from the one that the registered model "
            "gives for the same features.",
            formula="max |score again - logged score|, over the rows drawn for explanations.",
            reference="`numpy.abs(a - b).max()`.",
            interval="none",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
        ),
        _difference,
        _of_model,
    ),
    Metric(
        Definition(
            name="model_refused_share",
            id="model_refused_share/1",
            family="explanation",
            title="Share of rows that the registered model refuses",
            meaning="The share of rows that the registered model raises an error for, or gives no finite "
            "score; they are not explained.",
            formula="rows without a score of the registered model / rows drawn for explanations.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            needs=("registry",),
            cells="none",
            daily=True,
        ),
        _refused,
        _of_model,
    ),
)
