"""What is used of Evidently: its reports on samples, as single HTML files."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    import pandas as pd

_LOOKALIKE = "‹"  # noqa: RUF001 - stands for "<", see harmless
_BODY = re.compile(r"</head>\s*<body>")


class EvidentlyError(ObsError):
    """Evidently returned something that is not the report we know."""


@dataclass(frozen=True, slots=True)
class EvidentlyReport:
    """One of Evidently's reports.

    Attributes:
        html: the page; about 4 MB, it loads nothing.
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


def listed(columns: Mapping[str, str]) -> str:
    """Columns with the reason of each."""
    return ", ".join(f"{column} ({reason})" for column, reason in columns.items())


@dataclass(frozen=True, slots=True)
class Library:
    """What is used of the library."""

    Report: Any
    Dataset: Any
    DataDefinition: Any
    BinaryClassification: Any
    DataDriftPreset: Any
    ClassificationPreset: Any
    Regression: Any
    RegressionPreset: Any


def library() -> Library:
    """Evidently, which never sends anything home."""
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
    from evidently.presets import ClassificationPreset, DataDriftPreset, RegressionPreset

    return Library(
        Report,
        Dataset,
        DataDefinition,
        BinaryClassification,
        DataDriftPreset,
        ClassificationPreset,
        Regression,
        RegressionPreset,
    )


def run(evidently: Library, wanted: Any, current: Any, reference: Any) -> Any:
    """The snapshot of one or several metrics or presets."""
    with warnings.catch_warnings():
        # Empty bins and constant columns make numpy and scipy warn; the values say the same.
        warnings.simplefilter("ignore")
        return evidently.Report(wanted if isinstance(wanted, list) else [wanted]).run(current, reference)


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


def page_of(snapshot: Any) -> str:
    """Evidently's page."""
    return str(snapshot.get_html_str(as_iframe=False))


def titled(page: str, title: str, sizes: str, left_out: Mapping[str, str]) -> str:
    """Evidently's page with a heading: what it is, how many rows it rests on, what it could not compare."""
    lines = [Markup("<strong>{}</strong> · {}").format(title, sizes)]
    if left_out:
        lines.append(Markup("Left out: {}").format(listed(left_out)))
    heading = Markup(
        '<header style="font:15px/1.5 system-ui,sans-serif;padding:16px 24px;color:#14181d;'
        'background:#f5f6f8;border-bottom:1px solid #dfe3e8">{}</header>'
    ).format(Markup("<br>").join(lines))
    titled, count = _BODY.subn(lambda found: f"{found.group(0)}{heading}", page, count=1)
    if count != 1:
        raise EvidentlyError(
            "Evidently's page has no body to put a heading into.",
            remedy="Install the version of evidently that pyproject.toml names.",
        )
    return titled
