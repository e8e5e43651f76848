"""The SHAP values of every class for a sample of rows: what moves the model, class by class."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from obs_dagster.explain.convergence import is_settled, sizes
from obs_dagster.explain.explain import RESIDUAL_TOLERANCE, ExplanationError, accepted, inputs_of, require
from obs_dagster.explain.explainable import AttributeClasses, ClassAttribution, ClassModel, FloatArray
from obs_dagster.explain.explanation import ROW_COLUMN, Explanation
from obs_dagster.explain.permutation import permutation_of_classes
from obs_dagster.explain.scoring import told

if TYPE_CHECKING:
    import pandas as pd

_TRIED = 100
_FEWEST_TRIED = 10
CLASS_COLUMN = "class"


@dataclass(frozen=True, slots=True)
class ClassExplanation:
    """Why a version scored a sample of rows as it did.

    Attributes:
        found: SHAP values of every class, with the base values and the output.
        classes: the names of the classes.
        features: the names of the features.
        data: the rows' feature values; its index identifies the rows.
        residual: as `Explanation` has it, over all classes.
        method: the algorithm, and why it is not the exact one if it is not.
        settled: whether the ranking of the features was known when sampling ended.
    """

    found: ClassAttribution
    classes: tuple[str, ...]
    features: tuple[str, ...]
    data: pd.DataFrame
    residual: float
    method: str
    settled: bool

    @property
    def over_classes(self) -> Explanation:
        """How far each feature moves the output of a class, on average over the classes: |SHAP value|."""
        return self._about(np.abs(self.found.contributions).mean(axis=2), 0.0)

    @property
    def of_chosen(self) -> Explanation:
        """What speaks for and against the class with the highest score of each row."""
        chosen = self.found.output.argmax(axis=1)
        values = self.found.contributions[np.arange(len(chosen)), :, chosen]
        return self._about(values, float(self.found.base_value.mean()))

    def _about(self, values: FloatArray, base_value: float) -> Explanation:
        return Explanation(
            shap_values=values,
            base_value=base_value,
            features=self.features,
            data=self.data,
            residual=self.residual,
            unit=self.found.unit,
            method=self.method,
            settled=self.settled,
        )

    def by_class(self) -> dict[str, dict[str, float]]:
        """Mean absolute SHAP value of each feature for each class."""
        mean = np.abs(self.found.contributions).mean(axis=0)
        return {
            name: dict(zip(self.features, mean[:, place].tolist(), strict=True))
            for place, name in enumerate(self.classes)
        }

    def to_table(self) -> pa.Table:
        """One row per explained row and class: its id in `row`, the class, the SHAP value of each feature.

        Under `explanation`, the schema's metadata holds the base value of each class, residual, unit, method,
        whether the ranking was settled, the share of each feature with its interval, and the importance of
        each feature for each class.
        """
        taken = {ROW_COLUMN, CLASS_COLUMN} & set(self.features)
        if taken:
            raise ValueError(f"a feature is named {taken.pop()!r}, as a column of the table is")
        rows, k = len(self.data), len(self.classes)
        columns = {
            ROW_COLUMN: pa.array(np.repeat([str(label) for label in self.data.index], k)),
            CLASS_COLUMN: pa.array(list(self.classes) * rows),
        }
        columns |= {
            name: pa.array(self.found.contributions[:, place].reshape(-1))
            for place, name in enumerate(self.features)
        }
        shares = {name: each["shap_share"] for name, each in self.over_classes.metrics().items()}
        about = {
            "base_value": dict(zip(self.classes, self.found.base_value.tolist(), strict=True)),
            "residual": self.residual,
            "unit": self.found.unit,
            "method": self.method,
            "settled": self.settled,
            "shares": {name: [share.value, share.low, share.high] for name, share in shares.items()},
            "by_class": self.by_class(),
        }
        table = pa.table(columns).sort_by([(ROW_COLUMN, "ascending"), (CLASS_COLUMN, "ascending")])
        return table.replace_schema_metadata({"explanation": json.dumps(about)})


@dataclass(frozen=True, slots=True)
class ClassExplainer:
    """Explains rows of one version with several classes; what does not depend on them is prepared once.

    Attributes:
        features: the columns that the model reads, in its order.
        classes: the names of the classes, in the order of the model's output.
        model: the version.
        background: a sample of the version's baseline that the model accepts.
        attribute: the exact method, with the background; None if there is none, or it is wrong.
        trouble: why it is wrong; empty if it is not.
        largest: the largest sample.
    """

    features: tuple[str, ...]
    classes: tuple[str, ...]
    model: ClassModel
    background: pd.DataFrame
    attribute: AttributeClasses | None
    trouble: str
    largest: int

    @classmethod
    def prepare(
        cls,
        model: ClassModel,
        background: pd.DataFrame,
        features: Sequence[str],
        classes: Sequence[str],
        largest: int,
    ) -> ClassExplainer:
        """Prepare the explanation of a version's rows, as `Explainer.prepare` does.

        Raises:
            ExplanationError: there is no background that the model accepts, a column that the model reads is
                not in it, or the model has other classes.
        """
        inputs = inputs_of(model, features)
        given, scores = accepted(model, background, inputs)
        names = names_of(model, classes, scores.shape[1])
        try:
            attribute = model.class_attribution(given)
            # a class has trees of its own: so many classes, so much more work for a row
            tried = max(_FEWEST_TRIED, _TRIED // len(names))
            trouble = "" if attribute is None else _trouble(attribute(given.iloc[:tried]), scores[:tried])
        except Exception as error:  # noqa: BLE001 - an explainer may not know what an estimator can be set to
            return cls(inputs, names, model, given, None, f"failed ({told(error)})", largest)
        return cls(inputs, names, model, given, None if trouble else attribute, trouble, largest)

    def explain(self, rows: pd.DataFrame, tolerance: float, scores: FloatArray) -> ClassExplanation:
        """SHAP values of the first rows, as `Explainer.explain` gives them; `scores` are the model's own.

        Raises:
            ExplanationError: there are no rows, or a column that the model reads is not in them.
        """
        require(rows, self.features, "rows to explain")
        data = rows.iloc[: self.largest][list(self.features)]
        trouble = self.trouble
        if self.attribute is not None:
            try:
                found = self._by(self.attribute, data, tolerance, "")
                trouble = _trouble(found.found, scores[: len(found.data)])
            except Exception as error:  # noqa: BLE001 - the same as while preparing, with other rows
                trouble = f"failed ({told(error)})"
            if not trouble:
                return found
        permuted = permutation_of_classes(
            self.model.predict,
            self.background,
            self.largest,
            "probability" if self.model.unit == "probability" else "log-odds",
        )
        why = f", since the exact method {trouble}" if trouble else ""
        return self._by(permuted, data, tolerance, why)

    def _by(
        self, attribute: AttributeClasses, data: pd.DataFrame, tolerance: float, why: str
    ) -> ClassExplanation:
        steps = sizes(len(data)) if tolerance else [len(data)]
        blocks: list[ClassAttribution] = []
        settled, start = False, 0
        for end in steps:
            blocks.append(attribute(data.iloc[start:end]))
            values = np.concatenate([block.contributions for block in blocks])
            moved = np.abs(values).mean(axis=2)
            start, settled = end, is_settled(moved, looks=len(steps), tolerance=tolerance)
            if settled:
                break
        first = blocks[0]
        whole = ClassAttribution(
            contributions=values,
            base_value=first.base_value,
            output=np.concatenate([block.output for block in blocks]),
            unit=first.unit,
            method=first.method,
        )
        return ClassExplanation(
            found=whole,
            classes=self.classes,
            features=self.features,
            data=data.iloc[:start],
            residual=_residual(whole),
            method=f"{first.method}{why}",
            settled=settled,
        )


def names_of(model: ClassModel, classes: Sequence[str], outputs: int) -> tuple[str, ...]:
    """The names of a model's outputs: those that it knows, or the monitor's in their order.

    Raises:
        ExplanationError: the model has other classes than the monitor.
    """
    names = tuple(classes) if model.classes is None else model.classes
    if len(names) != outputs or set(names) != set(classes):
        known = f" ({', '.join(model.classes)})" if model.classes else ""
        raise ExplanationError(
            f"The model has {outputs} classes{known}, the monitor {len(classes)} ({', '.join(classes)}).",
            remedy="Name the classes of the registered model in `multiclass.classes`, in its order.",
        )
    return names


def _residual(found: ClassAttribution) -> float:
    return float(np.abs(found.base_value + found.contributions.sum(axis=1) - found.output).max())


def _trouble(found: ClassAttribution, scores: FloatArray) -> str:
    """Why an attribution must not be trusted; empty if it adds up to the model's own scores."""
    if not np.isfinite(found.contributions).all():
        return "gave no finite numbers"
    residual = _residual(found)
    if residual > RESIDUAL_TOLERANCE * max(1.0, float(np.abs(found.output).max())):
        return f"was off by {residual:.3g} {found.unit}"
    off = min(float(np.abs(again - scores).max()) for again in _probabilities(found))
    return f"was about scores that are off by {off:.3g}" if off > RESIDUAL_TOLERANCE else ""


def _probabilities(found: ClassAttribution) -> list[FloatArray]:
    """What the output may be as probabilities: of a softmax, or of each class against the rest."""
    if found.unit == "probability":
        return [found.output]
    raised = np.exp(found.output - found.output.max(axis=1, keepdims=True))
    alone = 1 / (1 + np.exp(-np.clip(found.output, -500, 500)))
    return [raised / raised.sum(axis=1, keepdims=True), alone, alone / alone.sum(axis=1, keepdims=True)]
