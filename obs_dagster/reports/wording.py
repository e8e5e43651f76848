"""How metrics, numbers, intervals and days are written wherever people read them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

NOUNS = {
    "psi": "PSI",
    "jensen_shannon": "Jensen-Shannon distance",
    "wasserstein": "Wasserstein distance",
    "ks": "KS statistic",
    "chi_square": "chi-square p-value",
    "l_infinity": "L-infinity distance",
    "shap_share": "SHAP share",
    "missing_share": "missing share",
    "missing_drift": "change of the missing share",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "pr_auc": "PR AUC",
    "brier": "Brier score",
    "positive_share": "share of positive labels",
    "predicted_positive_share": "share of positive predictions",
    "latency_p50": "median latency",
    "latency_p95": "95th percentile of latency",
    "latency_p99": "99th percentile of latency",
    "shap_importance": "SHAP importance",
}
"""Names of metrics within a sentence, where they are not the metric's own words."""

PERCENT = frozenset(
    {
        "missing_share",
        "missing_drift",
        "label_coverage",
        "positive_share",
        "predicted_positive_share",
        "error_share",
        "quarantined_share",
        "duplicate_share",
        "shap_share",
    }
)
MILLISECONDS = frozenset({"latency_p50", "latency_p95", "latency_p99"})
ROWS = frozenset(
    {
        "volume",
        "schema_changes",
        "true_positives",
        "false_positives",
        "true_negatives",
        "false_negatives",
    }
)

PSI_CEILING = 7.5
"""From here on a PSI says no more than that nearly all rows lie where the baseline had few."""

OFF_THE_SCALE = "nearly all rows lie where the baseline had few"
"""What that means, for a remark."""

TELLING = 0.05
"""The part of its interval from which on the error of binning is told; the interval includes it anyway."""

UNKNOWN = "–"  # noqa: RUF001 - the dash that tables use for "no value"
MINUS = "−"  # noqa: RUF001 - a real minus sign, as wide as a plus


def noun(metric: str) -> str:
    """The metric within a sentence.

    >>> noun("psi"), noun("calibration_error")
    ('PSI', 'calibration error')
    """
    return NOUNS.get(metric, metric.replace("_", " "))


def number(metric: str, value: float | None) -> str:
    """A value of the metric with its unit and the digits that a reader can use.

    >>> number("recall", 0.0512), number("missing_share", 0.0512), number("volume", 12345.0)
    ('0.05', '5.1 %', '12,345')
    >>> number("chi_square", 2e-9)
    '<0.001'
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if metric in PERCENT:
        text = f"{100 * size:.1f} %" if size < 0.1 else f"{100 * size:.0f} %"  # noqa: PLR2004 - digits
    elif metric in MILLISECONDS:
        text = f"{size:,.0f} ms"
    elif metric in ROWS:
        text = f"{size:,.0f}"
    else:
        text = _plain(size) if value >= 0 else _plain(size).replace("<", "")
    return f"{sign}{text}"


def _plain(size: float) -> str:
    """Two decimals; more for small numbers, none for large ones, and a bound for what is close to zero."""
    if size >= 100:  # noqa: PLR2004 - digits
        return f"{size:,.0f}"
    if size >= 0.01 or size == 0:  # noqa: PLR2004 - digits
        return f"{size:.2f}"
    return f"{size:.3f}" if size >= 0.001 else "<0.001"  # noqa: PLR2004 - digits


def interval(metric: str, low: float | None, high: float | None) -> str:
    """The interval in brackets; empty if there is none.

    >>> interval("recall", 0.04, 0.06)
    '[0.04, 0.06]'
    """
    if low is None or high is None:
        return ""
    return f"[{number(metric, low)}, {number(metric, high)}]"


def telling(error: float, low: float | None, high: float | None) -> bool:
    """Whether the error of binning says something that the interval leaves open.

    >>> telling(0.002, 0.1, 0.12), telling(0.0002, 0.1, 0.12), telling(0.0002, None, None)
    (True, False, True)
    """
    return error > 0 and (low is None or high is None or error >= TELLING * (high - low))


def binning(metric: str, error: float, low: float | None, high: float | None) -> str:
    """How far binning may have moved a value; empty where that is nothing, or nothing to a reader.

    >>> binning("psi", 0.012, 0.1, 0.2), binning("psi", 0.0001, 0.1, 0.2), binning("psi", 0.0, 0.1, 0.2)
    ('± 0.01 from binning', '', '')
    """
    shown = number(metric, error)
    if not telling(error, low, high) or shown.startswith("<") or shown == number(metric, 0.0):
        return ""
    return f"± {shown} from binning"


def measured(
    metric: str, value: float | None, low: float | None, high: float | None, error: float = 0.0
) -> str:
    """A value with its interval, as far as there is one, and the error of binning, where it matters.

    >>> measured("psi", 0.2, 0.1, 0.3, 0.02)
    '0.20 [0.10, 0.30] ± 0.02 from binning'
    """
    parts = (number(metric, value), interval(metric, low, high), binning(metric, error, low, high))
    return " ".join(filter(None, parts))


def about(metric: str, column: str, segment: str) -> str:
    """What a number is about, within a sentence.

    >>> about("recall", "", "origin=JFK"), about("psi", "temp", "*")
    ('recall at origin=JFK', 'PSI of temp')
    """
    of = f" of {column}" if column else ""
    at = f" at {segment}" if segment != "*" else ""
    return f"{noun(metric)}{of}{at}"


def day_month(day: dt.date) -> str:
    """A day without its year.

    >>> day_month(dt.date(2013, 7, 4))
    '4 July'
    """
    return f"{day.day} {day:%B}"


def night_count(count: int) -> str:
    """A number of nights.

    >>> night_count(1), night_count(12)
    ('1 night', '12 nights')
    """
    return f"{count:,} night" if count == 1 else f"{count:,} nights"


def period(window: int, last: dt.date) -> str:
    """The days that a value covers.

    >>> period(7, dt.date(2013, 7, 4)), period(1, dt.date(2013, 7, 4))
    ('over the 7 days to 4 July', 'on 4 July')
    """
    return f"on {day_month(last)}" if window == 1 else f"over the {window} days to {day_month(last)}"


def days_to(window: int, last: dt.date) -> str:
    """The days that a value covers, as a heading.

    >>> days_to(7, dt.date(2013, 7, 4)), days_to(1, dt.date(2013, 7, 4))
    ('7 days to 4 July', '4 July')
    """
    return day_month(last) if window == 1 else f"{window} days to {day_month(last)}"


def distance(deviations: float) -> str:
    """How far rows moved, in standard deviations of the baseline.

    >>> distance(3.87)
    '3.9 standard deviations'
    """
    return f"{deviations:.1f} standard deviations"


def labels_in(share: float | None) -> str:
    """That labels are still awaited, and the share of them that is in if it is known.

    >>> labels_in(0.9208), labels_in(None)
    ('labels not complete, 92 % in', 'labels not complete')
    """
    told = "labels not complete"
    return told if share is None else f"{told}, {number('label_coverage', share)} in"


def off_the_scale(metric: str, value: float | None) -> bool:
    """Whether a PSI is so large that nearly all rows lie where the baseline had few; it hardly grows beyond.

    All rows in one tenth of the baseline make 8.3, half of them in each of two tenths 6.8.

    >>> off_the_scale("psi", 8.3), off_the_scale("psi", 6.8), off_the_scale("volume", 900.0)
    (True, False, False)
    """
    return metric == "psi" and value is not None and value >= PSI_CEILING


def listing(items: Sequence[str]) -> str:
    """Items as a sentence has them.

    >>> listing(["temp", "dewp", "month"])
    'temp, dewp and month'
    """
    if len(items) < 2:  # noqa: PLR2004 - one item needs no "and"
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
