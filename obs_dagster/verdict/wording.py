"""How metrics, numbers, intervals and days are written wherever people read them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence

from obs_dagster.figures import MINUS, decimal, given, given_percent, percent, told_apart
from obs_dagster.metrics.definition import Written
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.whole import WHOLE

OFF_THE_SCALE = "nearly all rows lie where the baseline had few"
"""What that means, for a remark."""

TELLING = 0.05
"""The part of its interval from which on the error of binning is told; the interval includes it anyway."""

_NO_DECIMALS = 100
"""Numbers of no metric from here on are written without decimals."""

_MANY_DIGITS = 1e9
"""From here on with their power of ten."""

UNKNOWN = "–"  # noqa: RUF001 - the dash that tables use for "no value"


def noun(metric: str) -> str:
    """The metric within a sentence.

    >>> noun("psi"), noun("calibration_error")
    ('PSI', 'calibration error')
    """
    known = definitions().get(metric)
    return metric.replace("_", " ") if known is None else known.in_a_sentence


def written(metric: str) -> Written:
    """How a value of the metric is written; one that is not registered any more is a plain number."""
    known = definitions().get(metric)
    return "number" if known is None else known.written


def number(metric: str, value: float | None) -> str:
    """A value of the metric with its unit and the digits that a reader can use.

    >>> number("recall", 0.0512), number("missing_share", 0.0512), number("volume", 12345.0)
    ('0.05', '5.1 %', '12,345')
    >>> number("chi_square", 2e-9), number("label_coverage", 0.9996), number("recall", 0.9996)
    ('<0.001', '99.96 %', '0.9996')
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if written(metric) == "percent":
        text = percent(size)
    elif written(metric) == "milliseconds":
        text = f"{size:,.0f} ms" if size >= 10 or size == 0 else f"{decimal(size)} ms"  # noqa: PLR2004 - digits
    elif written(metric) == "count":
        text = f"{size:,.0f}"
    else:
        text = decimal(size)
    if value >= 0:
        return text
    # less than nothing, by less than can be written: above the bound
    turned = text.translate(str.maketrans("<>", "><"))
    return f"{turned[0]}{MINUS}{turned[1:]}" if turned[0] in "<>" else f"{MINUS}{turned}"


def plain(value: float) -> str:
    """A number of no metric, with the digits that a reader can use.

    >>> plain(12345.6), plain(0.0512), plain(3.0), plain(2.5e12)
    ('12,346', '0.05', '3', '2.5e+12')
    """
    size = abs(value)
    if size == round(size) or size >= _NO_DECIMALS:
        text = f"{size:,.0f}" if size < _MANY_DIGITS else f"{size:.3g}"
    else:
        text = decimal(size)
    return f"{MINUS}{text}" if value < 0 else text


def limit(metric: str, threshold: float) -> str:
    """A threshold as the rule gives it, with the unit of the metric.

    >>> limit("recall", 0.965), limit("quarantined_share", 0.0125), limit("latency_p95", 250.5)
    ('0.965', '1.25 %', '250.5 ms')
    """
    if written(metric) == "percent":
        return given_percent(threshold)
    return f"{given(threshold)} ms" if written(metric) == "milliseconds" else given(threshold)


def beside(metric: str, value: float | None, threshold: float | None) -> str:
    """A value that stands beside the threshold it is held against, on the side on which it is.

    >>> beside("recall", 0.9649, 0.96), beside("recall", 0.9604, 0.96), beside("recall", 0.9604, None)
    ('0.965', '0.9604', '0.96')
    """
    text = number(metric, value)
    if value is None or threshold is None or text == UNKNOWN:
        return text
    if written(metric) == "percent":
        return told_apart(value, threshold, text, scale=100.0, unit=" %")
    return told_apart(value, threshold, text, unit=" ms" if written(metric) == "milliseconds" else "")


def interval(metric: str, low: float | None, high: float | None, threshold: float | None = None) -> str:
    """The interval in brackets, its ends told from a threshold; empty if there is none.

    >>> interval("recall", 0.04, 0.06)
    '[0.04, 0.06]'
    """
    if low is None or high is None:
        return ""
    return f"[{beside(metric, low, threshold)}, {beside(metric, high, threshold)}]"


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


def measured(  # noqa: PLR0917 - a record's numbers, in their order
    metric: str,
    value: float | None,
    low: float | None,
    high: float | None,
    error: float = 0.0,
    threshold: float | None = None,
) -> str:
    """A value with its interval, as far as there is one, and the error of binning, where it matters.

    >>> measured("psi", 0.2, 0.1, 0.3, 0.02)
    '0.20 [0.10, 0.30] ± 0.02 from binning'
    """
    parts = (
        beside(metric, value, threshold),
        interval(metric, low, high, threshold),
        binning(metric, error, low, high),
    )
    return " ".join(filter(None, parts))


def about(metric: str, column: str, segment: str) -> str:
    """What a number is about, within a sentence.

    >>> about("recall", "", "origin=JFK"), about("psi", "temp", "*")
    ('recall at origin=JFK', 'PSI of temp')
    """
    of = f" of {column}" if column else ""
    at = f" at {segment}" if segment != WHOLE else ""
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


def covered(window: int, last: dt.date, days: int) -> str:
    """The days that a value covers; of a window that lacks some, as the first ones do, those that there are.

    >>> last = dt.date(2013, 7, 4)
    >>> covered(7, last, 7), covered(7, last, 3), covered(7, last, 1)
    ('over the 7 days to 4 July', 'over 3 of the 7 days to 4 July', 'on 4 July')
    """
    if days >= window:
        return period(window, last)
    return period(1, last) if days <= 1 else f"over {days} of the {window} days to {day_month(last)}"


def days_to(window: int, last: dt.date) -> str:
    """The days that a value covers, as a heading.

    >>> days_to(7, dt.date(2013, 7, 4)), days_to(1, dt.date(2013, 7, 4))
    ('7 days to 4 July', '4 July')
    """
    return day_month(last) if window == 1 else f"{window} days to {day_month(last)}"


def day_spans(days: Sequence[dt.date]) -> Iterator[str]:
    """Ascending days in words, those in a row together.

    >>> list(day_spans([dt.date(2024, 3, 4), dt.date(2024, 3, 5), dt.date(2024, 3, 7)]))
    ['2024-03-04 to 2024-03-05', '2024-03-07']
    """
    first = 0
    for place, day in enumerate(days, start=1):
        if place == len(days) or days[place] - day > dt.timedelta(days=1):
            yield str(day) if days[first] == day else f"{days[first]} to {day}"
            first = place


def distance(deviations: float) -> str:
    """How far rows moved, in standard deviations of the baseline.

    >>> distance(3.87)
    '3.9 standard deviations'
    """
    return f"{deviations:.1f} standard deviations"


def labels_in(share: float | None) -> str:
    """That labels are still awaited, and the share of them that is in if it is known.

    >>> labels_in(0.9208), labels_in(None), labels_in(0.9996)
    ('labels not complete, 92 % in', 'labels not complete', 'labels not complete, 99.96 % in')
    >>> labels_in(1.0)
    'all labels in, corrections may come'
    """
    if share == 1:
        return "all labels in, corrections may come"
    told = "labels not complete"
    return told if share is None else f"{told}, {number('label_coverage', share)} in"


def off_the_scale(metric: str, value: float | None) -> bool:
    """Whether a value is so large that it hardly grows beyond; what that means says `OFF_THE_SCALE`.

    >>> off_the_scale("psi", 8.3), off_the_scale("psi", 6.8), off_the_scale("volume", 900.0)
    (True, False, False)
    """
    return value is not None and value >= ceiling(metric)


def ceiling(metric: str) -> float:
    """The value from which on the metric hardly grows; infinite if it goes on.

    >>> ceiling("psi"), ceiling("volume")
    (7.5, inf)
    """
    known = definitions().get(metric)
    return math.inf if known is None or known.saturates is None else known.saturates


def listing(items: Sequence[str]) -> str:
    """Items as a sentence has them.

    >>> listing(["temp", "dewp", "month"])
    'temp, dewp and month'
    """
    if len(items) < 2:  # noqa: PLR2004 - one item needs no "and"
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
