"""Evidently's reports of drift and quality, on samples, as single HTML files."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    import pandas as pd

NUMERIC_METHOD = "wasserstein"
CATEGORICAL_METHOD = "jensenshannon"
"""Named, because Evidently by default picks by sample size, and p-values react to any difference."""

_LOOKALIKE = "‹"  # noqa: RUF001 - stands for "<", see _harmless
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
    _evidently()


def drift_report(
    baseline: pd.DataFrame,
    current: pd.DataFrame,
    numeric: Sequence[str],
    categorical: Sequence[str],
    *,
    title: str = "Data drift",
) -> EvidentlyReport | NoReport:
    """Compares the columns of two samples.

    Numeric columns by the Wasserstein distance over max(standard deviation of the baseline, 0.001), as
    `scipy.stats.wasserstein_distance` has it; categorical ones by the Jensen-Shannon distance, natural
    logarithm, as `scipy.spatial.distance.jensenshannon`. From 0.1 on Evidently calls a column drifted.

    Args:
        baseline: sample of the baseline.
        current: sample of the day, whose columns are named as in the baseline.
        numeric: names of the numeric columns.
        categorical: names of the categorical columns.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with the distance of each column. A column without a value in one of the samples is
        left out, since Evidently gives up the whole report over it; and so is one that it fails on, such as a
        column whose range its histogram cannot divide.
    """
    left_out = {
        column: reason
        for columns, is_numeric in ((numeric, True), (categorical, False))
        for column in columns
        if (reason := _not_comparable(baseline, current, column, numeric=is_numeric))
    }
    sizes = f"{len(current):,} sampled rows against {len(baseline):,} of the baseline"
    numbers = [column for column in numeric if column not in left_out]
    words = [column for column in categorical if column not in left_out]
    if not numbers and not words:
        return NoReport("no column has values in both samples")
    try:
        values, snapshot = _compared(baseline, current, numbers, words)
    except Exception:  # noqa: BLE001 - of the libraries that it plots and computes with
        refused = _failing(baseline, current, numbers, words)
        left_out |= refused
        numbers = [column for column in numbers if column not in refused]
        words = [column for column in words if column not in refused]
        if not numbers and not words:
            return NoReport(f"Evidently fails on every column, {_listed(refused)}", failed=True)
        values, snapshot = _compared(baseline, current, numbers, words)
    else:
        refused = {}
    return EvidentlyReport(_titled(snapshot, title, sizes, left_out), values, left_out, refused)


def _failing(
    baseline: pd.DataFrame, current: pd.DataFrame, numbers: Sequence[str], words: Sequence[str]
) -> dict[str, str]:
    """The columns that Evidently fails on, each by itself, with what it says."""
    found = {}
    for column, by_number in [(each, True) for each in numbers] + [(each, False) for each in words]:
        try:
            _compared(baseline, current, [column] * by_number, [column] * (not by_number))
        except Exception as error:  # noqa: BLE001 - see `drift_report`
            lines = str(error).strip().splitlines()
            found[column] = f"Evidently fails: {lines[0].rstrip('.') if lines else type(error).__name__}"
    return found


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{column} ({reason})" for column, reason in columns.items())


def _compared(
    baseline: pd.DataFrame, current: pd.DataFrame, numbers: Sequence[str], words: Sequence[str]
) -> tuple[dict[str, float], str]:
    """The distance of each column, and Evidently's page."""
    evidently = _evidently()
    definition = evidently.DataDefinition(
        numerical_columns=[_harmless(column) for column in numbers],
        categorical_columns=[_harmless(column) for column in words],
    )
    preset = evidently.DataDriftPreset(num_method=NUMERIC_METHOD, cat_method=CATEGORICAL_METHOD)
    snapshot = _run(
        evidently,
        preset,
        evidently.Dataset.from_pandas(_columns(current, numbers, words), definition),
        evidently.Dataset.from_pandas(_columns(baseline, numbers, words), definition),
    )
    names = {_harmless(column): column for column in (*numbers, *words)}
    values = {names[config["column"]]: value for config, value in _values(snapshot) if "column" in config}
    return values, _page(snapshot)


def classification_report(
    current: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    threshold: float,
    title: str = "Classification quality",
) -> EvidentlyReport | NoReport:
    """Describes the quality of a binary classifier on a sample.

    Args:
        current: sample with the columns `score` (probability of the positive class), `prediction` and
            `label` (0 or 1); rows without a label or a score are left out.
        reference: the same of the baseline, if it has labels; shown beside it.
        threshold: score from which a decision is positive. Where there are scores, Evidently decides by
            them alone; the heading says in how many rows another decision was served.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with Evidently's Accuracy, Precision, Recall, F1Score, RocAuc, LogLoss, TPR, TNR, FPR
        and FNR of the positive class; or no report if the labels in `current` are not of both classes.
    """
    labelled = _labelled(current, threshold)
    if len(labelled) == 0:
        return NoReport("no row of the sample has a label")
    if labelled["label"].nunique() < 2:  # noqa: PLR2004 - binary
        return NoReport("the labels of the sample are of one class only")
    beside = None if reference is None else _labelled(reference, threshold)
    if beside is not None and beside["label"].nunique() < 2:  # noqa: PLR2004 - binary
        beside = None
    evidently = _evidently()
    definition = evidently.DataDefinition(
        classification=[
            evidently.BinaryClassification(
                target="label", prediction_labels="prediction", prediction_probas="score", pos_label=1
            )
        ]
    )
    snapshot = _run(
        evidently,
        evidently.ClassificationPreset(probas_threshold=threshold),
        evidently.Dataset.from_pandas(labelled, definition),
        None if beside is None else evidently.Dataset.from_pandas(beside, definition),
    )
    values = {
        config["type"].rsplit(":", 1)[-1]: value
        for config, value in _values(snapshot)
        if not config["type"].endswith("ByLabel")
    }
    sizes = f"{len(labelled):,} sampled rows with a label"
    if beside is not None:
        sizes += f", beside {len(beside):,} of the baseline"
    differing = int((labelled["prediction"] != (labelled["score"] >= threshold)).sum())
    if differing:
        sizes += f"; {differing:,} were served another decision than score ≥ {threshold:g}, which is shown"
    return EvidentlyReport(_titled(_page(snapshot), title, sizes, {}), values)


def regression_report(
    current: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    title: str = "Regression quality",
) -> EvidentlyReport | NoReport:
    """Describes the errors of a regressor on a sample.

    Args:
        current: sample with the columns `prediction` and `label`; rows without two finite numbers are left
            out.
        reference: the same of the baseline, if it has labels; shown beside it.
        title: stands above the report, with the sizes of the samples.

    Returns:
        The report with Evidently's MeanError, MAE, MAPE, RMSE, R2Score and AbsMaxError; or no report if no
        row has both numbers. Evidently's MAPE divides by targets of zero as scikit-learn does.
    """
    pairs = _pairs(current)
    if pairs.empty:
        return NoReport("no row of the sample has a label")
    beside = None if reference is None else _pairs(reference)
    beside = None if beside is None or beside.empty else beside
    evidently = _evidently()
    definition = evidently.DataDefinition(
        regression=[evidently.Regression(target="label", prediction="prediction")]
    )
    snapshot = _run(
        evidently,
        evidently.RegressionPreset(),
        evidently.Dataset.from_pandas(pairs, definition),
        None if beside is None else evidently.Dataset.from_pandas(beside, definition),
    )
    values = {
        metric["config"]["type"].rsplit(":", 1)[-1]: float(
            metric["value"]["mean"] if isinstance(metric["value"], dict) else metric["value"]
        )
        for metric in snapshot.dict()["metrics"]
    }
    sizes = f"{len(pairs):,} sampled rows with a label"
    if beside is not None:
        sizes += f", beside {len(beside):,} of the baseline"
    zeros = int((pairs["label"] == 0).sum())
    if zeros:
        sizes += f"; {zeros:,} labels are zero, by which MAPE divides here"
    return EvidentlyReport(_titled(_page(snapshot), title, sizes, {}), values)


def ranking_report(
    current: pd.DataFrame,
    *,
    cutoff: int,
    served: bool,
    empty_requests: bool,
    title: str = "Ranking quality",
) -> EvidentlyReport | NoReport:
    """Describes rankings on a sample of whole requests.

    Args:
        current: sample with the columns `request`, `item`, `order` (the score, or the served position),
            `grade` and `relevant` (0 or 1), without missing values.
        cutoff: the place down to which numbers look, or the longest ranking if that is shorter.
        served: whether `order` is the position, the lowest first.
        empty_requests: whether a request without relevant items counts, with 0.
        title: stands above the report, with the size of the sample.

    Returns:
        The report with Evidently's NDCG, MAP, MRR, HitRate, PrecisionTopK and RecallTopK; or no report if
        nothing in the sample is relevant. Evidently's MAP divides by all relevant items of a request, and
        its MRR looks no further than the cut-off.
    """
    if not (current["relevant"] > 0).any():
        return NoReport("no item of the sample is relevant")
    evidently = _evidently()
    from evidently import Recsys
    from evidently.metrics import MAP, MRR, NDCG, HitRate, PrecisionTopK, RecallTopK, ScoreDistribution

    order = "rank" if served else "score"
    rankings = [
        Recsys(
            name=target,
            user_id="request",
            item_id="item",
            target=target,
            prediction="order",
            recommendations_type=order,
        )
        for target in ("grade", "relevant")
    ]
    rows = current.assign(**{name: current[name].map(str).map(_harmless) for name in ("request", "item")})
    definition = evidently.DataDefinition(
        categorical_columns=["request", "item"],
        numerical_columns=["order", "grade", "relevant"],
        ranking=rankings,
    )
    longest = current["order"].max() if served else current.groupby("request").size().max()
    k = min(cutoff, int(longest))
    common: dict[str, Any] = {"k": k, "no_feedback_users": empty_requests}
    of_relevant = (PrecisionTopK, RecallTopK, HitRate, MAP, MRR)
    wanted = [
        NDCG(ranking_name="grade", **common),
        *(kind(ranking_name="relevant", **common) for kind in of_relevant),
        ScoreDistribution(k=k, ranking_name="relevant"),
    ]
    snapshot = _run(
        evidently, wanted, evidently.Dataset.from_pandas(rows.reset_index(drop=True), definition), None
    )
    values = {
        metric["config"]["type"].rsplit(":", 1)[-1]: _at(metric["value"], k)
        for metric in snapshot.dict()["metrics"]
    }
    requests = f"{current['request'].nunique():,} sampled requests with labels"
    sizes = f"{requests}, {len(current):,} rows, down to place {k}"
    return EvidentlyReport(_titled(_page(snapshot), title, sizes, {}), values)


def _at(value: Any, cutoff: int) -> float:
    """A number, or the one of a table with a row per cut-off that belongs to this one."""
    if not isinstance(value, dict):
        return float(value)
    by_cutoff = list(value["value"].values())
    return float(by_cutoff[min(cutoff, len(by_cutoff)) - 1])


def _pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a finite prediction and a finite label."""
    import numpy as np
    import pandas as pd

    numbers = pd.DataFrame(
        {
            name: _clean(frame[name], numeric=True) if name in frame else np.nan
            for name in ("prediction", "label")
        },
        index=frame.index,
    )
    return numbers.dropna().reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class _Evidently:
    """What is used of the library."""

    Report: Any
    Dataset: Any
    DataDefinition: Any
    BinaryClassification: Any
    DataDriftPreset: Any
    ClassificationPreset: Any
    Regression: Any
    RegressionPreset: Any


def _evidently() -> _Evidently:
    os.environ["DO_NOT_TRACK"] = "1"
    from evidently import BinaryClassification, DataDefinition, Dataset, Regression, Report
    from evidently.presets import ClassificationPreset, DataDriftPreset, RegressionPreset

    return _Evidently(
        Report,
        Dataset,
        DataDefinition,
        BinaryClassification,
        DataDriftPreset,
        ClassificationPreset,
        Regression,
        RegressionPreset,
    )


def _run(evidently: _Evidently, wanted: Any, current: Any, reference: Any) -> Any:
    with warnings.catch_warnings():
        # Empty bins and constant columns make numpy and scipy warn; the values say the same.
        warnings.simplefilter("ignore")
        return evidently.Report(wanted if isinstance(wanted, list) else [wanted]).run(current, reference)


def _values(snapshot: Any) -> list[tuple[dict[str, Any], float]]:
    """The report's single numbers with the configuration that identifies them."""
    return [
        (metric["config"], float(metric["value"]))
        for metric in snapshot.dict()["metrics"]
        if not isinstance(metric["value"], dict)
    ]


def _not_comparable(baseline: pd.DataFrame, current: pd.DataFrame, column: str, *, numeric: bool) -> str:
    """Why the column cannot be compared; empty if it can."""
    for name, frame in (("baseline", baseline), ("current", current)):
        if column not in frame.columns:
            return f"not in the {name} sample"
        values = _clean(frame[column], numeric=numeric)
        if not values.notna().any():
            return f"no values in the {name} sample"
        if numeric and _overflows(values):
            return f"values in the {name} sample are too large for a standard deviation"
    return ""


def _overflows(values: pd.Series[Any]) -> bool:
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isfinite(np.nanstd(values.to_numpy()))


def _clean(values: pd.Series[Any], *, numeric: bool) -> pd.Series[Any]:
    """Finite numbers, or harmless text; everything else is missing."""
    import numpy as np
    import pandas as pd

    if numeric:
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        return numbers.where(np.isfinite(numbers))
    return values.map(lambda value: _harmless(str(value)), na_action="ignore")


def _columns(frame: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    numbers = {_harmless(column): _clean(frame[column], numeric=True) for column in numeric}
    words = {_harmless(column): _clean(frame[column], numeric=False) for column in categorical}
    # numbered anew: Evidently plots over the index, and cannot over one of texts
    return pd.DataFrame(numbers | words).reset_index(drop=True)


def _labelled(frame: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The rows that have a finite score and a label; a decision that is not known is that of the score."""
    import numpy as np
    import pandas as pd

    numbers = pd.DataFrame(
        {
            name: pd.to_numeric(frame[name], errors="coerce").astype("float64") if name in frame else np.nan
            for name in ("score", "prediction", "label")
        },
        index=frame.index,
    )
    whole = numbers[np.isfinite(numbers["score"]) & numbers["label"].notna()].reset_index(drop=True)
    decided = whole["prediction"].fillna((whole["score"] >= threshold).astype("float64"))
    found: pd.DataFrame = whole.assign(prediction=decided).astype({"prediction": "int64", "label": "int64"})
    return found


def _harmless(text: str) -> str:
    """The text without the character that could end Evidently's script, which holds values as they are."""
    return text.replace("<", _LOOKALIKE)


def _page(snapshot: Any) -> str:
    return str(snapshot.get_html_str(as_iframe=False))


def _titled(page: str, title: str, sizes: str, left_out: Mapping[str, str]) -> str:
    """Evidently's page with a heading: what it is, how many rows it rests on, what it could not compare."""
    lines = [Markup("<strong>{}</strong> · {}").format(title, sizes)]
    if left_out:
        lines.append(Markup("Left out: {}").format(_listed(left_out)))
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
