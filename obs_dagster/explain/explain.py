"""Explains rows with a loaded model, by a method that gives the model's own scores back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.errors import ObsError
from obs_dagster.explain.convergence import is_settled, sizes
from obs_dagster.explain.explainable import (
    Attribute,
    Attribution,
    ClassModel,
    ExplainableModel,
    FloatArray,
    HasOtherWays,
    size,
)
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.permutation import permutation_attribution
from obs_dagster.explain.scoring import score, told

if TYPE_CHECKING:
    import pandas as pd


RESIDUAL_TOLERANCE = 1e-3
"""How far SHAP values may be from adding up, relative to the output: XGBoost computes in 32 bits."""

_TRIED = 100


class ExplanationError(ObsError):
    """Rows cannot be explained: there are none, or they lack what the model reads."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains rows of one version; what does not depend on them is prepared once.

    Attributes:
        features: the columns that the model reads, in its order: what explanations are about.
        model: the version.
        background: a sample of the version's baseline that the model accepts.
        ways: the model's exact methods that are right, the best first, with the background.
        trouble: why others are not; empty if all are.
        largest: the largest sample.
    """

    features: tuple[str, ...]
    model: ExplainableModel
    background: pd.DataFrame
    ways: tuple[Attribute, ...]
    trouble: str
    largest: int

    @classmethod
    def prepare(
        cls, model: ExplainableModel, background: pd.DataFrame, features: Sequence[str], largest: int
    ) -> Explainer:
        """Prepare the explanation of a version's rows.

        An exact method is held against the model's own scores of some of the background. One that does not
        give them back, or fails, is not used for any row: the next one takes over, and in the end
        permutations, which need nothing but scores.

        Args:
            model: the version that scored the rows.
            background: a sample of the version's baseline with at least the columns that the model reads:
                what "nothing is known about a row" means for linear and other models. Tree models carry their
                own.
            features: the monitor's features; they name the inputs of a model that was trained on an unnamed
                array.
            largest: how many rows are explained at most.

        Raises:
            ExplanationError: there is no background that the model accepts, or a column that the model reads
                is not in it.
        """
        inputs = inputs_of(model, features)
        given, scores = accepted(model, background, inputs)
        right: list[Attribute] = []
        troubles: list[str] = []
        for way in ways_of(model):
            try:
                attribute = way(given)
                tried = None if attribute is None else attribute(given.iloc[:_TRIED])
                trouble = "" if tried is None else _trouble(tried, scores[:_TRIED])
            except Exception as error:  # noqa: BLE001 - an explainer may not know what an estimator can be set to
                attribute, trouble = None, f"failed ({told(error)})"
            if trouble:
                troubles.append(trouble)
            elif attribute is not None:
                right.append(attribute)
        return cls(inputs, model, given, tuple(right), "; ".join(troubles), largest)

    def explain(
        self, rows: pd.DataFrame, tolerance: float = 0.0, scores: FloatArray | None = None
    ) -> Explanation:
        """SHAP values of the first rows: of as many as it takes until the ranking of features is settled.

        How many that are depends on the rows alone, never on the clock: a day that is explained again gets
        the same explanation. The cost is bounded by the largest sample.

        Args:
            rows: in the order in which they were drawn, so that the first ones are a sample as well; with at
                least the columns that the model reads. The index identifies them.
            tolerance: what `is_settled` takes; 0 explains as many as there are, up to the largest sample.
            scores: the model's scores of the rows, if they are known already.

        Raises:
            ExplanationError: there are no rows, or a column that the model reads is not in them.
        """
        require(rows, self.features, "rows to explain")
        data = rows.iloc[: self.largest][list(self.features)]
        known = self.model.predict(data) if scores is None else scores[: len(data)]
        troubles = [self.trouble] if self.trouble else []
        for way in self.ways:
            try:
                found = self._by(way, data, tolerance)
                trouble = _trouble(found.attribution, known[: len(found.attribution.output)])
            except Exception as error:  # noqa: BLE001 - the same as while preparing, with rows that the background lacked
                trouble = f"failed ({told(error)})"
            if not trouble:
                return replace(found.explanation, method=f"{found.explanation.method}{_since(troubles)}")
            troubles.append(trouble)
        permuted = permutation_attribution(self.model.predict, self.background, self.largest, self.model.unit)
        found = self._by(permuted, data, tolerance)
        return replace(
            found.explanation,
            method=f"{found.explanation.method}{_since(troubles)}",
            doubt=_trouble(found.attribution, known[: len(found.attribution.output)]),
        )

    def _by(self, attribute: Attribute, data: pd.DataFrame, tolerance: float) -> _Found:
        steps = sizes(len(data)) if tolerance else [len(data)]
        blocks: list[Attribution] = []
        settled, start = False, 0
        for end in steps:
            blocks.append(attribute(data.iloc[start:end]))
            values = np.concatenate([block.contributions for block in blocks])
            start, settled = end, is_settled(values, looks=len(steps), tolerance=tolerance)
            if settled:
                break
        first = blocks[0]
        whole = replace(
            first,
            contributions=values,
            output=np.concatenate([block.output for block in blocks]),
            score=_together([block.score for block in blocks]),
        )
        explanation = Explanation(
            shap_values=values,
            base_value=first.base_value,
            features=self.features,
            data=data.iloc[:start],
            residual=_residual(whole),
            unit=first.unit,
            method=first.method,
            settled=settled,
        )
        return _Found(whole, explanation)


@dataclass(frozen=True, slots=True)
class _Found:
    attribution: Attribution
    explanation: Explanation


def _since(troubles: Sequence[str]) -> str:
    return f", since the exact method {'; '.join(troubles)}" if troubles else ""


def _together(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    known = [each for each in parts if each is not None]
    return np.concatenate(known) if known else None


def ways_of(model: ExplainableModel) -> Iterator[Callable[[pd.DataFrame], Attribute | None]]:
    """The model's own methods, each of a background, the best first."""
    yield model.attribution
    if isinstance(model, HasOtherWays):
        yield from model.other_ways


def _residual(found: Attribution) -> float:
    return float(np.abs(found.base_value + found.contributions.sum(axis=1) - found.output).max())


def _trouble(found: Attribution, scores: FloatArray) -> str:
    """Why an attribution must not be trusted; empty if it adds up to the model's own scores."""
    if not np.isfinite(found.contributions).all():
        return "gave no finite numbers"
    residual = _residual(found)
    if residual > RESIDUAL_TOLERANCE * size(found.output, found.unit):
        return f"was off by {residual:.3g} {found.unit}"
    again = _scores(found)
    off = float(np.abs(again - scores).max())
    allowed = RESIDUAL_TOLERANCE * (size(scores, found.unit) if found.unit == "unit of the target" else 1.0)
    return f"was about scores that are off by {off:.3g}" if off > allowed else ""


def _scores(found: Attribution) -> FloatArray:
    """What the model puts out by what was explained."""
    if found.score is not None:
        return found.score
    return 1 / (1 + np.exp(-np.clip(found.output, -500, 500))) if found.unit == "log-odds" else found.output


def accepted(
    model: ExplainableModel | ClassModel, background: pd.DataFrame, inputs: Sequence[str]
) -> tuple[pd.DataFrame, FloatArray]:
    """The background rows that a model takes, with its scores of them.

    Raises:
        ExplanationError: it takes none, or a column that it reads is not in them.
    """
    require(background, inputs, "background rows")
    given = background[list(inputs)]
    scored = score(model, given)
    if not scored.accepted.any():
        raise ExplanationError(
            f"The model refuses all {len(given)} background rows ({scored.why}).",
            remedy="Register the version that scored the baseline, or correct the types of its columns.",
        )
    return given[scored.accepted], scored.scores[scored.accepted]


def inputs_of(model: ExplainableModel | ClassModel, features: Sequence[str]) -> tuple[str, ...]:
    """The columns that a model reads; the monitor's features for one that was trained on an unnamed array."""
    return tuple(features) if model.feature_names is None else model.feature_names


def require(frame: pd.DataFrame, inputs: Sequence[str], name: str) -> None:
    """Make sure that there are rows with all inputs.

    Raises:
        ExplanationError: there are none, or columns are missing.
    """
    if frame.empty:
        raise ExplanationError(f"There are no {name}.", remedy="Explain a day that has predictions.")
    missing = [column for column in inputs if column not in frame.columns]
    if missing:
        raise ExplanationError(
            f"The model reads {', '.join(missing)}, which the {name} do not have.",
            remedy="Declare every column that the model reads under `features`, by the name that it was "
            "trained with; one that the log calls otherwise has a `column`. "
            f"There are: {', '.join(map(str, frame.columns))}.",
        )
