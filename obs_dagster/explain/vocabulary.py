"""The values that a categorical input had in training, and which of them a value of the log is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from obs_dagster.explain.forms import Form, given_forms, is_missing, known_forms, number_of

if TYPE_CHECKING:
    import pandas as pd


class Vocabulary:
    """The values of a categorical input, in training's order and types.

    The log may hold a value in another type: it has that which the monitor declares, and text is what files
    and queues turn everything into. `10`, `10.0` and `"10"` are one value, so are `True`, `"true"` and `1`,
    and a date and its text. What training had just as it stands is that, whatever else it could be.

    Args:
        values: the values; missing ones among them stand for rows without a value.
    """

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = [_native(value) for value in values]

    def positions(self, column: pd.Series[Any]) -> NDArray[np.int64]:
        """The position of each value among training's, shape (n,); -1 for any other, and for missing ones."""
        import pandas as pd

        codes, distinct = pd.factorize(column.astype(object))
        # missing values have the code -1, which picks the last
        known = np.array([*(self._position(value) for value in distinct), -1], dtype=np.int64)
        found: NDArray[np.int64] = known[codes]
        return found

    def typed(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """The column with each value as training had it; a value that training did not have stays another."""
        import pandas as pd

        codes, distinct = pd.factorize(column.astype(object))
        values = np.empty(len(distinct) + 1, dtype=object)
        values[:] = [*(self._typed(value) for value in distinct), self._missing]
        # a column without any value of a text stays one of objects
        narrowed = _narrowed(values[codes]) if self._numeric or self._moments else values[codes]
        return pd.Series(narrowed, index=column.index, name=column.name, dtype=narrowed.dtype)

    def share_known(self, column: pd.Series[Any]) -> float:
        """The share of a column's values that training had; 0 if it has no values."""
        held = column[column.notna()]
        return float((self.positions(held) >= 0).mean()) if len(held) else 0.0

    @cached_property
    def _missing(self) -> Any:
        """What stands for no value in training: libraries tell None from NaN."""
        return next((value for value in self.values if is_missing(value)), np.nan)

    @cached_property
    def _numeric(self) -> bool:
        held = [value for value in self.values if not is_missing(value)]
        return all(isinstance(value, (int, float)) for value in held) and bool(held)

    @cached_property
    def _moments(self) -> bool:
        return bool(self.values) and all(isinstance(value, np.datetime64) for value in self.values)

    @cached_property
    def _positions(self) -> dict[Form, int]:
        """The position of each form; of two values that have it, that of which it is the more proper form."""
        ranked = [
            (rank, position, form)
            for position, value in enumerate(self.values)
            if not is_missing(value)
            for rank, form in enumerate(known_forms(value))
        ]
        found: dict[Form, int] = {}
        for _, position, form in sorted(ranked, key=lambda each: each[:2]):
            found.setdefault(form, position)
        return found

    def _position(self, value: Any) -> int:
        known = self._positions
        return next((known[form] for form in given_forms(value) if form in known), -1)

    def _typed(self, value: Any) -> Any:
        position = self._position(value)
        if position >= 0:
            return self.values[position]
        # an encoder of numbers compares with numbers, and refuses or ignores those it does not know
        number = number_of(value) if self._numeric and isinstance(value, str) else None
        return value if number is None else number


def _native(value: Any) -> Any:
    """A value as Python has it: NumPy's types differ from one encoder to the next."""
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value


def _narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Values of one numeric type as an array of it; others as objects."""
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return values.astype(bool)
    if kinds == {int}:
        return values.astype(np.int64)
    if kinds == {np.datetime64}:
        return np.array(values.tolist())
    return values.astype(np.float64) if kinds and kinds <= {int, float} else values
