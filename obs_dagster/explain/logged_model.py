"""A model's files as MLflow logged them, and what turns them into a model that can be explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, Puts
from obs_dagster.explain.input_kinds import Kind

Trust = Literal["native", "pickle"]

# Types of scikit-learn's imputers and trees that skops does not vet, but whose loading runs no code of the
# artifact's own. The list of trusted types in the artifact is not consulted: who can write the artifact
# can write that list.
_KNOWN_TYPES = frozenset(
    {
        "collections.OrderedDict",
        # what it is of is a type of its own, which is looked at as well
        "functools.partial",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "numpy.dtype",
        "sklearn._loss._loss.CyAbsoluteError",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfGammaLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfPoissonLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyHuberLoss",
        "sklearn._loss._loss.CyPinballLoss",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.AbsoluteError",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfGammaLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.HuberLoss",
        "sklearn._loss.loss.PinballLoss",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
        "sklearn.utils.validation.check_array",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    }
)


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A version's files.

    Attributes:
        path: their folder.
        flavor: what MLflow wrote down for the library.
        declared: the kinds of inputs that were logged with it.
        trust: whether code of the artifact may run.
        place: what it is called in errors.
        puts: what it puts out.
    """

    path: Path
    flavor: Mapping[str, Any]
    declared: Mapping[str, Kind]
    trust: Trust
    place: str
    puts: Puts = "score"

    def deserialized(self, name: str) -> Any:
        """The object in one of the files: skops, or a pickle where the monitor trusts those.

        Raises:
            ModelLoadError: the file may run code when it is loaded, and is not trusted.
        """
        return _deserialized(self.path / name, self.flavor, self.trust, self.place)


class Adapter(Protocol):
    """Loads models of one MLflow flavor.

    Attributes:
        name: the flavor.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def adapt(self, logged: LoggedModel) -> ExplainableModel | ClassModel:
        """The model in the files.

        Raises:
            ModelLoadError: the library is not installed, the model is none that can be explained, or its
                files are not trusted.
        """


def _deserialized(file: Path, flavor: Mapping[str, Any], trust: Trust, place: str) -> Any:
    if flavor.get("serialization_format") != "skops":
        if trust != "pickle":
            raise ModelLoadError(
                f"{place} is a pickle, which runs code when it is loaded.",
                remedy="Log it with serialization_format='skops', or set `registry.trust: pickle` "
                "if you trust everybody who can write to the registry.",
            )
        import cloudpickle  # reads plain pickles too

        with file.open("rb") as content:
            return cloudpickle.load(content)
    import skops.io

    unvetted = set(skops.io.get_untrusted_types(file=file))
    refused = sorted(unvetted - _KNOWN_TYPES)
    if refused and trust != "pickle":
        raise ModelLoadError(
            f"{place} contains types that are not known to be safe: {', '.join(refused)}.",
            remedy="Set `registry.trust: pickle` if you trust everybody who can write to the registry.",
        )
    return skops.io.load(file, trusted=sorted(unvetted))
