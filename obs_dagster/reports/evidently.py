"""What is used of Evidently: its reports on samples, as single HTML files."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_LOOKALIKE = "‹"  # noqa: RUF001 - stands for "<", see harmless


@dataclass(frozen=True, slots=True)
class EvidentlyReport:
    """One of Evidently's reports.

    Attributes:
        html: the page; about 1.7 MB, it loads nothing.
        numbers: the numbers in it: per column for drift, by Evidently's metric name for classification.
        left_out: columns that could not be compared, with the reason.
        refused: those of them that Evidently failed on.
    """

    html: str
    numbers: Mapping[str, float]
    left_out: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoReport:
    """Says why there is no report.

    Attributes:
        failed: whether there should have been one.
    """

    reason: str
    failed: bool = False


def load() -> None:
    """Import Evidently and what it needs, which takes seconds."""
    library()
    from evidently.legacy.calculations import data_drift  # noqa: F401 - with it, the rest of what pages need


@dataclass(frozen=True, slots=True)
class Library:
    """What is used of the library."""

    Report: Any
    Dataset: Any
    DataDefinition: Any
    BinaryClassification: Any
    ClassificationPreset: Any
    ClassificationQuality: Any
    ClassificationQualityByLabel: Any
    Regression: Any
    RegressionPreset: Any


def import_evidently() -> None:
    """Import Evidently, which never sends anything home.

    Its plots have next to none of Plotly's template, which every one of them would copy, check and carry.
    """
    os.environ["DO_NOT_TRACK"] = "1"
    import evidently  # noqa: F401 - see above
    import plotly.io

    plotly.io.templates["light"] = {"layout": {"autotypenumbers": "strict"}}
    plotly.io.templates.default = "light"


def library() -> Library:
    """What is used of Evidently."""
    import_evidently()
    from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
    from evidently.presets import (
        ClassificationPreset,
        ClassificationQuality,
        ClassificationQualityByLabel,
        RegressionPreset,
    )

    return Library(
        Report,
        Dataset,
        DataDefinition,
        BinaryClassification,
        ClassificationPreset,
        ClassificationQuality,
        ClassificationQualityByLabel,
        Regression,
        RegressionPreset,
    )


def run(evidently: Library, wanted: Any, current: Any, reference: Any) -> Any:
    """The snapshot of one or several metrics or presets."""
    with quiet():
        return evidently.Report(wanted if isinstance(wanted, list) else [wanted]).run(current, reference)


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings: empty bins and constant columns make numpy and scipy warn; values say the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def widgets_of(snapshot: Any) -> list[Any]:
    """The widgets of Evidently's page."""
    return list(snapshot.to_snapshot_model().widgets)


def values_of(snapshot: Any) -> list[tuple[dict[str, Any], float]]:
    """The report's single numbers with the configuration that identifies them."""
    return [
        (metric["config"], float(metric["value"]))
        for metric in snapshot.dict()["metrics"]
        if not isinstance(metric["value"], dict)
    ]


def clean(values: pd.Series[Any], *, numeric: bool) -> pd.Series[Any]:
    """Finite numbers, or harmless text; everything else is missing."""
    import numpy as np
    import pandas as pd

    if numeric:
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        return numbers.where(np.isfinite(numbers))
    return values.map(lambda value: harmless(str(value)), na_action="ignore")


def harmless(text: str) -> str:
    """The text without the character that could end Evidently's script, which holds values as they are."""
    return text.replace("<", _LOOKALIKE)
