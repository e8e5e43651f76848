"""Modules of PyTorch, explained by integrated gradients where these add up, else by permutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.explain.encoding import numbers
from obs_dagster.explain.explainable import (
    Attribute,
    AttributeClasses,
    Attribution,
    FloatArray,
    Puts,
    Unit,
)
from obs_dagster.explain.input_kinds import Kind

if TYPE_CHECKING:
    import pandas as pd

_STEPS = (50, 400)
"""Points between the background's mean and a row at which gradients are taken: many if few do not add up."""


@dataclass(frozen=True)
class TorchModule:
    """Adapts a module that gives one probability, or one number, for each row of a matrix of numbers.

    A module gives what its last layer gives. The second of two outputs is the positive class; what is not
    within 0 and 1 is a logit, of two outputs their softmax.

    Attributes:
        module: the module, set to evaluate.
        names: the columns that were logged with it; None if none were.
        unit: in which it is explained.
    """

    module: Any
    names: tuple[str, ...] | None
    unit: Unit

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it was logged with; None if it was logged without a signature."""
        return self.names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, or the number, shape (n,)."""
        import torch

        with torch.no_grad():
            return _array(self._output(_tensor(rows)))

    def attribution(self, background: pd.DataFrame) -> Attribute | None:
        """Integrated gradients from the background's mean (Sundararajan, Taly and Yan, ICML 2017), by captum.

        None where captum is not installed, or the background has values that are no numbers.
        """
        return self._integrated(_STEPS[0], background)

    @property
    def other_ways(self) -> Sequence[Callable[[pd.DataFrame], Attribute | None]]:
        """The same with more steps."""
        return [partial(self._integrated, steps) for steps in _STEPS[1:]]

    def _integrated(self, steps: int, background: pd.DataFrame) -> Attribute | None:
        try:
            import captum  # noqa: F401 - whether it is there
        except ImportError:
            return None
        matrix = _matrix(background)
        mean = matrix[np.isfinite(matrix).all(axis=1)].mean(axis=0)
        return partial(self._attribute, steps, mean) if np.isfinite(mean).all() else None

    def _attribute(self, steps: int, mean: FloatArray, rows: pd.DataFrame) -> Attribution:
        import torch
        from captum.attr import IntegratedGradients

        given = _tensor(rows)
        start = torch.tensor(mean[np.newaxis].tolist(), dtype=torch.float32)
        found = IntegratedGradients(self._explained).attribute(
            given, baselines=start, n_steps=steps, internal_batch_size=max(len(rows), 1024)
        )
        with torch.no_grad():
            output, base = _array(self._explained(given)), _array(self._explained(start))
        return Attribution(
            contributions=_array(found),
            base_value=float(base[0]),
            output=output,
            unit=self.unit,
            method=f"captum IntegratedGradients ({steps} steps from the background's mean)",
        )

    def _explained(self, given: Any) -> Any:
        """The output in the unit that is explained."""
        output = self._output(given)
        if self.unit != "log-odds":
            return output
        clipped = output.clamp(1e-9, 1 - 1e-9)
        return clipped.log() - (1 - clipped).log()

    def _output(self, given: Any) -> Any:
        """What the module gives for a tensor, shape (n,), as a probability where it is a classifier."""
        import torch

        found = self.module(given)
        found = found.reshape(len(given), -1)
        if self.unit != "log-odds":
            return found[:, 0]
        within = bool(((found >= 0) & (found <= 1)).all())
        if found.shape[1] == 1:
            return found[:, 0] if within else torch.sigmoid(found[:, 0])
        whole = within and bool(torch.allclose(found.sum(dim=1), torch.ones(len(found)), atol=1e-4))
        return found[:, -1] if whole else torch.softmax(found, dim=1)[:, -1]


@dataclass(frozen=True)
class TorchClasses:
    """Adapts a module that gives a probability, or a logit, of each class.

    Attributes:
        module: the module, set to evaluate.
        names: the columns that were logged with it; None if none were.
    """

    module: Any
    names: tuple[str, ...] | None
    classes: tuple[str, ...] | None = None
    unit: Unit = "log-odds"

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it was logged with; None if it was logged without a signature."""
        return self.names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        import torch

        with torch.no_grad():
            found = self.module(_tensor(rows))
            sums = found.sum(dim=1)
            within = bool((found >= 0).all()) and bool(
                torch.allclose(sums, torch.ones(len(found)), atol=1e-4)
            )
            return _array(found if within else torch.softmax(found, dim=1))

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:  # noqa: ARG002 - as the protocol has it
        """None: permutations explain all classes at once."""
        return None


def _matrix(rows: pd.DataFrame) -> FloatArray:
    return np.column_stack([numbers(rows[name]) for name in rows.columns])


def _tensor(rows: pd.DataFrame) -> Any:
    import torch

    return torch.tensor(_matrix(rows).tolist(), dtype=torch.float32)


def _array(tensor: Any) -> FloatArray:
    return np.array(tensor.detach().double().tolist(), dtype=np.float64)


def adapt_module(module: Any, *, puts: Puts, declared: Mapping[str, Kind]) -> TorchModule | TorchClasses:
    """The adapter of a module.

    Args:
        module: the module.
        puts: what it has to put out.
        declared: the inputs that were logged with it, in order.
    """
    if hasattr(module, "eval") and type(module).__module__ != "torch.fx.graph_module":
        module.eval()
    names = tuple(declared) or None
    if puts == "classes":
        return TorchClasses(module, names)
    return TorchModule(module, names, "log-odds" if puts == "score" else "unit of the target")
