"""CatBoost's models, explained by CatBoost's own TreeSHAP."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.cores import cores
from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.encoding import numbers
from obs_dagster.explain.explainable import (
    Attribute,
    AttributeClasses,
    Attribution,
    ClassAttribution,
    FloatArray,
    Interactions,
    Puts,
    Unit,
)
from obs_dagster.monitor.multiclass import class_name

if TYPE_CHECKING:
    import pandas as pd

_BINARY = ("Logloss", "CrossEntropy")
_CLASSES = ("MultiClass", "MultiClassOneVsAll")
_WITH_A_LOGARITHM = ("Poisson", "Tweedie", "Cox")
_METHOD = "CatBoost ShapValues (path-dependent TreeSHAP)"
_MISSING = "nan"
"""What a missing category is: the text that pandas makes of it, since CatBoost takes none."""


@dataclass(frozen=True)
class CatBoostModel:
    """Adapts a CatBoost model that puts out one probability or one number.

    Categories are texts to CatBoost, numbers and truth values too, so raw values of the log are what they
    were in training, if they were written the same way there; a value that training did not have has its
    prior.

    Attributes:
        model: the loaded model.
        loss: the name of its loss.
        unit: that of its raw values.
    """

    model: Any
    loss: str
    unit: Unit = "log-odds"

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it was trained on; None if they had no names."""
        names = tuple(str(name) for name in self.model.feature_names_)
        return None if names == tuple(map(str, range(len(names)))) else names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, or the number, shape (n,)."""
        if self.unit == "unit of the target":
            return self.predicted(rows, "Exponent" if self.loss in _WITH_A_LOGARITHM else "RawFormulaVal")
        return self.predicted(rows, "Probability")[:, 1]

    def attribution(self, background: pd.DataFrame) -> Attribute | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP; None where its trees add up to the logarithm of what it predicts."""
        transformed = self.unit == "unit of the target" and self.loss in _WITH_A_LOGARITHM
        return None if transformed else self._attribute

    def interactions(self, background: pd.DataFrame) -> Interactions | None:
        """CatBoost's own SHAP interaction values; None where it has no SHAP values."""
        if self.attribution(background) is None:
            return None
        return lambda rows: self.values(rows, "ShapInteractionValues")[:, :-1, :-1]

    def _attribute(self, rows: pd.DataFrame) -> Attribution:
        found = self.values(rows, "ShapValues")
        return Attribution(
            contributions=found[:, :-1],
            base_value=float(found[0, -1]),
            output=self.predicted(rows, "RawFormulaVal"),
            unit=self.unit,
            method=_METHOD,
        )

    def values(self, rows: pd.DataFrame, kind: str) -> FloatArray:
        """What CatBoost says of each row's features; the base value is the last one of them."""
        found = self.model.get_feature_importance(self.pool(rows), type=kind, thread_count=cores())
        return np.asarray(found, dtype=np.float64)

    def predicted(self, rows: pd.DataFrame, kind: str) -> FloatArray:
        """What CatBoost predicts, of a kind of its own."""
        found = self.model.predict(self.pool(rows), prediction_type=kind, thread_count=cores())
        return np.asarray(found, dtype=np.float64)

    def pool(self, rows: pd.DataFrame) -> Any:
        """Rows as CatBoost reads them."""
        import catboost
        import pandas as pd

        categories = set(self.model.get_cat_feature_indices())
        columns = {
            str(name): _texts(rows[name]) if at in categories else numbers(rows[name])
            for at, name in enumerate(rows.columns)
        }
        frame = pd.DataFrame(columns)
        return catboost.Pool(frame, cat_features=sorted(categories), thread_count=cores())


@dataclass(frozen=True)
class CatBoostClasses:
    """Adapts a CatBoost model with an output per class.

    Attributes:
        one: reads rows as any model of CatBoost does.
        classes: the classes by name, in the order of its output; None if it knows only how many there are.
    """

    one: CatBoostModel
    classes: tuple[str, ...] | None

    unit: Unit = "raw score"

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it was trained on; None if they had no names."""
        return self.one.feature_names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        return self.one.predicted(rows, "Probability")

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:  # noqa: ARG002 - trees carry theirs
        """Path-dependent TreeSHAP of each class."""
        return self._attribute

    def _attribute(self, rows: pd.DataFrame) -> ClassAttribution:
        found = np.moveaxis(self.one.values(rows, "ShapValues"), 1, 2)
        return ClassAttribution(
            contributions=found[:, :-1],
            base_value=found[0, -1],
            output=self.one.predicted(rows, "RawFormulaVal"),
            unit="raw score",
            method=_METHOD,
        )


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    """Categories as the texts that CatBoost made of them in training: 5 and 5.0 were the whole number."""
    import pandas as pd

    codes, distinct = pd.factorize(column.astype(object))
    known = np.array([*map(_text, distinct), _MISSING], dtype=object)
    return pd.Series(known[codes], index=column.index, dtype=object)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def adapt_catboost(model: Any, *, place: str, puts: Puts = "score") -> CatBoostModel | CatBoostClasses:
    """The adapter of a CatBoost model.

    Args:
        model: the loaded model.
        place: the version it came from, for the error.
        puts: what it has to put out.

    Raises:
        ModelLoadError: it puts out something else.
    """
    loss = str(model.get_all_params().get("loss_function", "")).partition(":")[0]
    fits = {
        "score": loss in _BINARY,
        "classes": loss in _CLASSES,
        "number": loss not in (*_BINARY, *_CLASSES),
    }
    if not fits[puts]:
        wanted = {"score": " or ".join(_BINARY), "classes": " or ".join(_CLASSES), "number": "RMSE"}[puts]
        raise ModelLoadError(
            f"{place} is a model of CatBoost with the loss {loss!r}, which is not what the monitor's model "
            "puts out.",
            remedy=f"Register one that was trained with {wanted}, or choose another `task` in the monitor.",
        )
    if puts == "number":
        return CatBoostModel(model, loss, "unit of the target")
    one = CatBoostModel(model, loss)
    if puts == "score":
        return one
    names = tuple(str(class_name(each)) for each in np.asarray(model.classes_).tolist())
    return CatBoostClasses(one, names or None)
