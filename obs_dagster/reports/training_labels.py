"""The labels of training rows as classes, by the values that the monitor names for its label files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.monitor.data import Labels
from obs_dagster.sources.classes import Classes, word

if TYPE_CHECKING:
    import pandas as pd


def classes_of(column: pd.Series[Any], labels: Labels) -> pd.Series[Any]:
    """1 for the positive class, 0 for the negative one, NaN for what is neither, such as `pending`.

    A spelling of true or false stands for all of them, whatever type it has. What the negative class is
    called otherwise is known where there is one other value only.
    """
    import pandas as pd

    words = column.astype(object).map(word, na_action="ignore")
    classes = Classes.of(labels.positive, labels.negatives)
    if not classes.complete() and (
        other := classes.opposite({str(each): int(n) for each, n in words.value_counts().items()})
    ):
        classes = classes.with_negative(other)
    found = np.where(words.isin(classes.positive), 1.0, np.where(words.isin(classes.negative), 0.0, np.nan))
    return pd.Series(found, index=column.index)
