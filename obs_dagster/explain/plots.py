"""SHAP's own plots of an explanation, as PNG images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.explain.explanation import Explanation

if TYPE_CHECKING:
    import pandas as pd

MAX_FEATURES = 15
"""Features that a plot shows; the rest is summed into one row, so that the labels stay legible."""

_WIDTH, _ROW_HEIGHT, _MARGIN = 8.0, 0.42, 1.6


def bar_png(explanation: Explanation) -> bytes:
    """Mean absolute SHAP value per feature, the most important on top."""
    import shap

    return _png(
        explanation,
        lambda values, ax: shap.plots.bar(values, max_display=MAX_FEATURES, ax=ax, show=False),
        f"mean |SHAP value| ({explanation.unit})",
    )


def beeswarm_png(explanation: Explanation) -> bytes:
    """One dot per row and feature: how far the feature moved the score, coloured by its value.

    Categories have no order and missing values no place in one, so both are grey.
    """
    import shap

    return _png(
        explanation,
        lambda values, ax: shap.plots.beeswarm(
            values,
            max_display=MAX_FEATURES,
            ax=ax,
            show=False,
            plot_size=None,
            group_remaining_features=False,
        ),
        f"SHAP value ({explanation.unit}); grey: category or missing",
    )


def _png(explanation: Explanation, draw: Callable[[Any, Any], object], label: str) -> bytes:
    import shap
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A figure of its own: nothing is registered with pyplot, so nothing has to be closed.
    rows = min(len(explanation.features), MAX_FEATURES)
    figure = Figure(figsize=(_WIDTH, rows * _ROW_HEIGHT + _MARGIN), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    values = shap.Explanation(
        values=explanation.shap_values,
        base_values=np.full(len(explanation.shap_values), explanation.base_value),
        data=_colourable(explanation.data),
        feature_names=list(explanation.features),
    )
    with _seeded():
        draw(values, axes)
    axes.set_xlabel(label, fontsize=11)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def _colourable(data: pd.DataFrame) -> pd.DataFrame:
    """Numbers as float, everything that has no scale as object, which the beeswarm draws in grey."""
    import pandas as pd

    columns = {
        name: data[name].astype("float64")
        if pd.api.types.is_numeric_dtype(data[name]) and data[name].notna().any()
        else data[name].astype("object")
        for name in data.columns
    }
    return pd.DataFrame(columns, index=data.index)


@contextmanager
def _seeded() -> Iterator[None]:
    """Make the beeswarm's jitter the same every time; it draws from numpy's global generator."""
    before = np.random.get_state()  # noqa: NPY002 (shap knows no other generator)
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
