"""Which columns a fitted scikit-learn preprocessing reads as text."""

from __future__ import annotations

from typing import Any

import numpy as np


def text_columns(transformer: Any) -> frozenset[str]:
    """The columns whose values are text in what the transformer learned: categories, or fill values.

    A day's column without any value does not say whether it is text or numbers; the transformer does, and
    it fails on the wrong kind of missing value.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    if isinstance(transformer, ColumnTransformer):
        blocks = (block for _, block, _ in transformer.transformers_)
        return frozenset[str]().union(*map(text_columns, blocks))
    if isinstance(transformer, Pipeline):
        return text_columns(transformer.steps[0][1])
    names = getattr(transformer, "feature_names_in_", ())
    learned = getattr(transformer, "categories_", getattr(transformer, "statistics_", ()))
    return frozenset(str(name) for name, values in zip(names, learned, strict=False) if _has_text(values))


def _has_text(values: Any) -> bool:
    return any(isinstance(value, str) for value in np.ravel(np.asarray(values, dtype=object)))
