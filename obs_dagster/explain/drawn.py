"""What is drawn of a version's day beside its SHAP values: shapes of features, and interactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.explain.beside import VersionDay
from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.interactions import Strengths, class_strengths, has_interactions, strengths
from obs_dagster.explain.scoring import told
from obs_dagster.explain.shape_plots import interactions_png, shapes_png
from obs_dagster.explain.shapes import Output, shapes, shapes_json
from obs_dagster.monitor.task import leading_output

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Drawn:
    """Files about a version's day.

    Attributes:
        files: content by name.
        remarks: why some could not be made.
    """

    files: dict[str, bytes]
    remarks: tuple[str, ...] = ()


def drawn(at: VersionDay) -> Drawn:
    """What the monitor asks to be drawn; what fails is said, and keeps nothing else from being drawn."""
    files: dict[str, bytes] = {}
    remarks: list[str] = []
    for name, make in (("shapes", _shapes), ("interactions", _interactions)):
        try:
            files |= make(at)
        except ObsError as error:
            remarks.append(str(error).rstrip("."))
        except Exception as error:  # noqa: BLE001 - models fail on values in ways of their own
            why = type(error).__name__ if at.monitor.personal else told(error)
            remarks.append(f"The {name} could not be drawn: {why}")
    return Drawn(files, tuple(remarks))


def _shapes(at: VersionDay) -> dict[str, bytes]:
    asked = at.monitor.explanations.shapes
    if asked is None:
        return {}
    inputs = list(at.explainer.features)
    hidden = at.monitor.personal | at.monitor.fairness.columns
    whole = at.found.over_classes if isinstance(at.found, ClassExplanation) else at.found
    chosen = [name for name in whole.importance() if name not in hidden][: asked.features]
    output, title = _output(at)
    found = shapes(
        lambda _: output,
        chosen,
        at.rows[inputs].iloc[: asked.rows],
        at.explainer.background.iloc[: asked.rows],
        asked.points,
        compared=at.has_baseline,
    )
    if not found:
        return {}
    return {"shapes.png": shapes_png(found, title), "shapes.json": shapes_json(found, title).encode()}


def _output(at: VersionDay) -> tuple[Output, str]:
    """What the model puts out, and what people call it; of several classes, the one that it chooses most."""
    title = leading_output(at.monitor).title
    if isinstance(at.explainer, ClassExplainer) and isinstance(at.found, ClassExplanation):
        most = int(np.bincount(at.found.found.output.argmax(axis=1)).argmax())
        return _of_class(at.explainer.model.predict, most), f"Probability of {at.explainer.classes[most]}"
    if isinstance(at.explainer, Explainer):
        return at.explainer.model.predict, title
    raise TypeError("an explainer of classes has an explanation of classes")


def _of_class(predict: Callable[[pd.DataFrame], FloatArray], place: int) -> Output:
    return lambda rows: predict(rows)[:, place]


def _interactions(at: VersionDay) -> dict[str, bytes]:
    rows = at.monitor.explanations.interactions
    if not rows:
        return {}
    if isinstance(at.explainer, ClassExplainer) and isinstance(at.found, ClassExplanation):
        of_classes = class_strengths(at.explainer.model, at.explainer.background, at.found, rows)
        return {} if of_classes is None else _told(of_classes)
    if not isinstance(at.explainer, Explainer) or not isinstance(at.found, Explanation):
        return {}
    if not has_interactions(at.explainer.model, at.explainer.background):
        return {}
    return _told(strengths(at.explainer.model, at.explainer.background, at.found, rows))


def _told(found: Strengths) -> dict[str, bytes]:
    return {"interactions.png": interactions_png(found), "interactions.json": found.to_json().encode()}
