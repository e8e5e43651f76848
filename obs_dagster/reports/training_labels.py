"""The labels of training rows as classes, by the values that the monitor names for its label files."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.monitor.data import Labels

if TYPE_CHECKING:
    import pandas as pd

_TRUE = frozenset(["true", "t", "yes", "y", "on", "1"])
_FALSE = frozenset(["false", "f", "no", "n", "off", "0"])


def classes_of(column: pd.Series[Any], labels: Labels) -> pd.Series[Any]:
    """1 for the positive class, 0 for the negative one, NaN for what is neither, such as `pending`.

    A spelling of true or false stands for all of them, whatever type it has. What the negative class is
    called otherwise is known where there is one other value only.
    """
    import pandas as pd

    words = column.astype(object).map(_word, na_action="ignore")
    own = _word(labels.positive)
    positive = next((same for same in (_TRUE, _FALSE) if own in same), frozenset([own]))
    others = set(words.dropna()) - positive
    opposite = _FALSE if positive == _TRUE else _TRUE if positive == _FALSE else frozenset()
    negative = others & opposite or (others if len(others) == 1 else set())
    found = np.where(words.isin(positive), 1.0, np.where(words.isin(negative), 0.0, np.nan))
    return pd.Series(found, index=column.index)


def _word(value: Any) -> str:
    """How a value reads whatever its type, case, blanks around it and zeros after the point are."""
    text = str(value).strip().lower()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    whole = number.is_finite() and number == number.to_integral_value()
    return str(int(number)) if whole else text
