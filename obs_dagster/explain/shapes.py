"""How a version's output goes with the values of its features, on a day and on the baseline."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from obs_dagster.explain.explainable import FloatArray

if TYPE_CHECKING:
    import pandas as pd

_NAMES = 10
"""Values of a feature that is no number: the most frequent ones of the baseline."""
_BLOCK = 20_000
"""Rows that a model is given at once."""

Output = Callable[["pd.DataFrame"], FloatArray]
"""What a model puts out for rows, shape (n,)."""
Kind = Literal["partial dependence", "accumulated local effect"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the output goes with one feature.

    Attributes:
        feature: its name.
        kind: partial dependence is the mean output if all rows had a value; accumulated local effects add up
            how the output of rows changes that have about that value, and are 0 on average.
        values: the values, in order; texts of a feature that is no number.
        today: what the output is for each on the day.
        baseline: the same on the baseline; empty without one.
    """

    feature: str
    kind: Kind
    values: tuple[float | str, ...]
    today: tuple[float, ...]
    baseline: tuple[float, ...]

    @property
    def numeric(self) -> bool:
        """Whether the feature is a number, whose values have distances."""
        return not any(isinstance(each, str) for each in self.values)


def partial_dependence(output: Output, rows: pd.DataFrame, feature: str, values: Sequence[Any]) -> FloatArray:
    """The mean output of the rows if all had each of the values, shape (values,).

    `sklearn.inspection.partial_dependence(…, method="brute", kind="average")` gives the same (Friedman,
    Annals of Statistics 29, 2001, 1189-1232).
    """
    import pandas as pd

    n = len(rows)
    found: list[float] = []
    together = max(1, _BLOCK // n)
    for start in range(0, len(values), together):
        block = values[start : start + together]
        repeated = pd.concat([rows] * len(block), ignore_index=True)
        column = pd.Series(list(block), dtype=object if isinstance(block[0], str) else None)
        repeated[feature] = column.repeat(n).to_numpy()
        found += np.asarray(output(repeated)).reshape(len(block), n).mean(axis=1).tolist()
    return np.array(found)


def accumulated_effects(output: Output, rows: pd.DataFrame, feature: str, edges: FloatArray) -> FloatArray:
    """Accumulated local effects at the edges of intervals of a feature that is a number, shape (edges,).

    How much the output of the rows within an interval changes from its lower to its upper edge, on average,
    added up over the intervals, and shifted such that the rows have 0 on average: unlike partial dependence,
    no row is given a value far from its own. An interval without rows changes nothing. Rows beyond the edges
    count with the outermost interval.

    Source: Apley and Zhu, Journal of the Royal Statistical Society B 82 (2020), 1059-1086.

    Args:
        output: what the model puts out.
        rows: the rows; those without a value are left out.
        feature: the feature.
        edges: in ascending order, at least two.
    """
    own = rows[feature].to_numpy(dtype=np.float64, na_value=np.nan)
    given = rows[np.isfinite(own)]
    own = own[np.isfinite(own)]
    steps = len(edges) - 1
    # an interval has its upper edge, the first one both
    place = np.clip(np.searchsorted(edges, own, side="left") - 1, 0, steps - 1)
    change = np.zeros(steps)
    if len(own):
        lower, upper = (np.asarray(output(given.assign(**{feature: edges[place + side]}))) for side in (0, 1))
        counts = np.bincount(place, minlength=steps)
        total = np.bincount(place, weights=upper - lower, minlength=steps)
        change = np.divide(total, counts, out=np.zeros(steps), where=counts > 0)
    effect = np.concatenate([[0.0], np.cumsum(change)])
    middle = (effect[:-1] + effect[1:]) / 2
    mean = float(middle[place].mean()) if len(own) else 0.0
    return effect - mean


def shapes(
    output: Callable[[str], Output],
    features: Sequence[str],
    today: pd.DataFrame,
    baseline: pd.DataFrame,
    points: int,
    *,
    compared: bool,
) -> list[Shape]:
    """The shapes of features, each partial dependence first.

    Args:
        output: what the model puts out, where a feature is looked at.
        features: the features.
        today: rows of the day with exactly the model's inputs.
        baseline: rows of the baseline, which decide what values are tried.
        points: how many values at most.
        compared: whether the baseline is the version's own, so that its shapes are drawn beside.
    """
    found: list[Shape] = []
    for feature in features:
        says = output(feature)
        values, edges = _grid(baseline[feature], points)
        if len(values) < 2:  # noqa: PLR2004 - a constant has no shape
            continue
        sides = [today, baseline] if compared else [today]
        dependence = [partial_dependence(says, rows, feature, values) for rows in sides]
        found.append(_shape(feature, "partial dependence", values, dependence))
        if edges is not None:
            effects = [accumulated_effects(says, rows, feature, edges) for rows in sides]
            found.append(_shape(feature, "accumulated local effect", edges.tolist(), effects))
    return found


def _grid(column: pd.Series[Any], points: int) -> tuple[list[Any], FloatArray | None]:
    """The values to try, and for a number the edges of intervals of equally many rows."""
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.dropna().value_counts(sort=True).index[:_NAMES].tolist(), None
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    if not known.size:
        return [], None
    # of a quantile there is a row, so whole numbers stay whole
    edges = np.unique(np.quantile(known, np.linspace(0, 1, points), method="inverted_cdf"))
    return edges.tolist(), edges


def _shape(feature: str, kind: Kind, values: Sequence[Any], sides: Sequence[FloatArray]) -> Shape:
    return Shape(
        feature,
        kind,
        tuple(each if isinstance(each, float) else str(each) for each in values),
        tuple(sides[0].tolist()),
        tuple(sides[1].tolist()) if len(sides) > 1 else (),
    )


def shapes_json(found: Sequence[Shape], output: str) -> str:
    """As a document for programs.

    Args:
        found: the shapes.
        output: what the model puts out, as people read it.
    """
    return json.dumps({"output": output, "shapes": [asdict(each) for each in found]}, indent=1)


def shapes_of(document: dict[str, Any]) -> list[Shape]:
    """The shapes of such a document."""
    return [
        Shape(
            each["feature"],
            each["kind"],
            tuple(each["values"]),
            tuple(each["today"]),
            tuple(each["baseline"]),
        )
        for each in document["shapes"]
    ]
