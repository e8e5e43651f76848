"""One prediction explained: why it is what it is, what it is like, and what would have changed it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.sampling import draw_versions
from obs_dagster.explain.apart import run_apart
from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
from obs_dagster.explain.counterfactual import Counterfactual, counterfactual
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, FloatArray
from obs_dagster.explain.explainers import Explainers
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.find_prediction import Prediction
from obs_dagster.explain.loading import fetch_version
from obs_dagster.explain.neighbours import Neighbourhood, plain
from obs_dagster.explain.prediction_explained import Contribution, Neighbour, PredictionExplained
from obs_dagster.explain.prediction_trust import of_lime, of_method, of_rows, of_score
from obs_dagster.explain.scoring import score
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.scratch import scratch
from obs_dagster.sources.personal import Personal

if TYPE_CHECKING:
    import pandas as pd

NEAREST = 5
"""Rows of the baseline that are shown beside a prediction."""
_HIDDEN = "(personal)"


class PredictionError(ObsError):
    """A prediction cannot be explained."""


def explain_prediction(
    monitor: Monitor, found: Prediction, lake: Lake, tracking_uri: str, *, fixed: Sequence[str] = ()
) -> PredictionExplained:
    """Explain one prediction by the registered version that made it.

    Args:
        monitor: the monitor.
        found: the prediction's row.
        lake: holds the rows that it is compared with.
        tracking_uri: the MLflow server or database that holds the registry.
        fixed: features that cannot be other than they are.

    Raises:
        PredictionError: there is no registry, the model refuses the row, or another reason that it tells.
        ModelLoadError: the version cannot be loaded.
        WorkerError: the process of the model died, or took too long.
    """
    registry = monitor.registry
    if registry is None:
        raise PredictionError(
            f"The monitor of {monitor.model} names no registry.",
            remedy="Add `registry` with the name under which MLflow has the versions.",
        )
    explainers = Explainers(monitor, lake, tracking_uri)
    if not registry.apart:
        return next(_explained(explainers, found, tuple(fixed)))[0]
    with TemporaryDirectory(prefix="models-", dir=scratch()) as folder:
        path = fetch_version(registry.name, found.version, tracking_uri, Path(folder))
        explainers.fetched[found.version] = path
        work = partial(_explained, replace(explainers, tracking_uri=""), found, tuple(fixed))
        with_key = monitor.logs.columns.prediction_id in monitor.personal
        [[document]] = run_apart(
            work, seconds=registry.seconds, memory=registry.memory_mb * 2**20, with_key=with_key
        )
        try:
            return PredictionExplained.from_json(document)
        except (TypeError, KeyError, ValueError) as error:
            raise PredictionError(
                "A model's process gave another answer than was asked for.", remedy="Look at the model."
            ) from error


@dataclass(frozen=True, slots=True)
class _Decisions:
    """What follows from a model's scores.

    Attributes:
        names: of the decisions; empty for a model that predicts a number.
        threshold: the score from which a decision is positive, where there is one score.
    """

    names: tuple[str, ...]
    threshold: float

    def places(self, scores: FloatArray) -> NDArray[np.int64]:
        """The decision of each row, shape (n,)."""
        found: NDArray[np.int64] = (
            scores.argmax(axis=1) if scores.ndim > 1 else (scores >= self.threshold).astype(np.int64)
        )
        return found

    def told(self, scores: FloatArray) -> list[tuple[float, str]]:
        """The score of each row, of several classes that of the one chosen, and its decision by name."""
        best = scores.max(axis=1) if scores.ndim > 1 else scores
        names = [self.names[place] for place in self.places(scores)] if self.names else [""] * len(best)
        return list(zip((float(each) for each in best), names, strict=True))


@dataclass(frozen=True, slots=True)
class _Beside:
    """The rows that a prediction is held against.

    Attributes:
        model: the version.
        background: the rows, with exactly its inputs.
        distances: how far each is from the prediction's row, shape (n,).
        decisions: what follows from scores.
        monitor: the monitor.
    """

    model: ExplainableModel | ClassModel
    background: pd.DataFrame
    distances: FloatArray
    decisions: _Decisions
    monitor: Monitor

    def nearest(self) -> tuple[Neighbour, ...]:
        """The rows most like it."""
        order = np.argsort(self.distances, kind="stable")[:NEAREST]
        told = self.decisions.told(self.model.predict(self.background.iloc[order]))
        return tuple(
            Neighbour(
                float(self.distances[place]),
                said,
                decision,
                _values(self.background.iloc[[place]], self.monitor),
            )
            for place, (said, decision) in zip(order, told, strict=True)
        )

    def otherwise(self, row: pd.DataFrame, fixed: Sequence[str]) -> Counterfactual:
        """What would have had to be different for another decision."""
        if not self.decisions.names:
            return Counterfactual(reason="a predicted number is no decision")
        if self.monitor.personal.intersection(row.columns):
            return Counterfactual(reason="the model reads personal values")
        predict, places = self.model.predict, self.decisions.places
        found = counterfactual(predict, places, row, self.background, self.distances, fixed=fixed)
        name = "" if found.decision is None else self.decisions.names[found.decision]
        return replace(found, name=name)


def _explained(
    explainers: Explainers, found: Prediction, fixed: tuple[str, ...]
) -> Iterator[list[PredictionExplained]]:
    monitor = explainers.monitor
    model, explainer = explainers.of_version(found.version, _like(explainers, found))
    row = found.row[list(explainer.features)].reset_index(drop=True)
    if unknown := sorted(set(fixed) - set(explainer.features)):
        raise PredictionError(
            f"The model reads no {', '.join(unknown)}.",
            remedy=f"Its features are {', '.join(explainer.features)}.",
        )
    scored = score(model, row)
    if not scored.accepted.all():
        raise PredictionError(
            f"The registered version {found.version} refuses the row ({scored.why}).",
            remedy="Compare the row's values with those that the version was trained with.",
        )
    whole, explanation, base_value, names = _explanation(explainer, row, scored.scores)
    output = leading_output(monitor)
    decisions = _Decisions(() if output.kind == "number" else names, monitor.logs.threshold)
    [(said, decision)] = decisions.told(scored.scores)
    has_baseline = found.version in explainers.prepared
    background = explainer.background if has_baseline else _others(explainer.background, row)
    around = Neighbourhood.of(background)
    distances = around.distances(row)
    beside = _Beside(model, background, distances, decisions, monitor)
    unlike = around.unlike(float(distances.min()))
    logged = plain(found.row[output.column].iloc[0])
    yield [
        PredictionExplained(
            model=monitor.model,
            version=found.version,
            day=found.day,
            prediction_id=Personal.of(monitor).shown_id(
                str(found.row[monitor.logs.columns.prediction_id].iloc[0])
            ),
            output=output.title,
            logged=logged,
            score=said,
            decision=decision,
            unit=explanation.unit,
            method=explanation.method,
            base_value=base_value,
            residual=explanation.residual,
            contributions=_contributions(explanation, _values(row, monitor)),
            background="baseline" if has_baseline else "day",
            unlike=unlike,
            nearest=beside.nearest(),
            counterfactual=beside.otherwise(row, fixed),
            remarks=(
                *of_score(logged, said),
                *of_rows(unlike=unlike, has_baseline=has_baseline),
                *of_method(explanation),
                *of_lime(
                    explainer,
                    whole,
                    explanation.shap_values[0],
                    explanation.features,
                    monitor.explanations.second_opinion,
                ),
            ),
        )
    ]


def _like(explainers: Explainers, found: Prediction) -> pd.DataFrame:
    """Rows of the day that the same version scored: the background of one without a baseline."""
    largest = explainers.monitor.explanations.sample
    drawn = draw_versions(
        explainers.monitor, found.day, explainers.lake, versions=[found.version], rows=largest
    )
    like = drawn[found.version]
    return like if len(like) else found.row


def _others(rows: pd.DataFrame, row: pd.DataFrame) -> pd.DataFrame:
    """Rows of the day without the row itself, which is as near to itself as can be."""
    same = np.flatnonzero(Neighbourhood.of(rows).distances(row) == 0)
    return rows if len(rows) == 1 else rows.iloc[np.delete(np.arange(len(rows)), same[:1])]


def _explanation(
    explainer: Explainer | ClassExplainer, row: pd.DataFrame, scores: FloatArray
) -> tuple[Explanation | ClassExplanation, Explanation, float, tuple[str, ...]]:
    """The explanation, that of the chosen class, its base value, and the names of decisions."""
    if isinstance(explainer, ClassExplainer):
        of_classes = explainer.explain(row, 0.0, scores)
        base_value = float(of_classes.found.base_value[int(scores[0].argmax())])
        return of_classes, of_classes.of_chosen, base_value, explainer.classes
    explanation = explainer.explain(row, 0.0, scores)
    return explanation, explanation, explanation.base_value, ("negative", "positive")


def _contributions(explanation: Explanation, values: dict[str, object]) -> tuple[Contribution, ...]:
    shap_values = explanation.shap_values[0]
    order = np.argsort(-np.abs(shap_values), kind="stable")
    return tuple(
        Contribution(explanation.features[at], values[explanation.features[at]], float(shap_values[at]))
        for at in order
    )


def _values(row: pd.DataFrame, monitor: Monitor) -> dict[str, object]:
    return {
        str(name): _HIDDEN if name in monitor.personal else plain(value)
        for name, value in row.iloc[0].items()
    }
