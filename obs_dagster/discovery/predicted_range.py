"""What a regressor says beside its prediction: an interval, and quantiles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from obs_dagster.discovery.class_scores import sums_to_one
from obs_dagster.discovery.column import Column, plain
from obs_dagster.discovery.sample import Sample

_END = re.compile(
    r"(?P<before>(?:.*_)?)(?P<end>lower|low|lo|lwr|lb|lcl|lcb|upper|high|hi|upr|ub|ucl|ucb)"
    r"(?P<after>(?:_.*|\d+)?)|(?P<glued>y_?hat|pred|prediction|forecast)(?P<glued_end>low|lo|high|hi)"
)
_UPPER = {"lower": "upper", "low": "high", "lo": "hi", "lwr": "upr", "lb": "ub", "lcl": "ucl", "lcb": "ucb"}
_QUANTILE = re.compile(
    r"(?P<before>(?:.*_)?)(?:q|p|quantile|percentile|pctl?|perc)_?(?P<level>0?_?\d+(?:_\d+)?)(?:_pct|_percent)?"
    r"|(?P<plain>y_?hat|prediction|pred|forecast|predicted)_(?P<percent>\d+(?:_\d+)?)"
)
#: Words that say that an interval is one of predictions.
_SAYS = re.compile(".*(pred|y_?hat|forecast|interval|estimate|bound|(^|_)(pi|ci|conf|confidence)(_|$)).*")
#: So many rows have the ends, and the quantiles, in order around the prediction.
_MOSTLY, _OUTER = 0.95, 0.25


@dataclass(frozen=True, slots=True)
class Interval:
    """The columns of the ends of an interval.

    Attributes:
        low, high: their names.
        share: of the rows, those whose prediction lies between them.
        sure: whether their names say that they are predicted.
    """

    low: str
    high: str
    share: float = 1.0
    sure: bool = True

    @property
    def why(self) -> str:
        """What speaks for it."""
        return f"the prediction lies between them in {100 * self.share:.3g} % of the rows"


@dataclass(frozen=True, slots=True)
class PredictedRange:
    """What is around a prediction.

    Attributes:
        interval: its ends; None if there is none.
        quantiles: the columns by level, ascending.
        others: the columns of further intervals, of which a monitor has no use.
    """

    interval: Interval | None = None
    quantiles: Mapping[float, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        ends = (self.interval.low, self.interval.high) if self.interval else ()
        return (*ends, *self.quantiles.values(), *self.others)


def beside_predictions(sample: Sample, given: Collection[str]) -> tuple[set[str], str]:
    """The columns that are called as ends of predicted intervals, or quantiles; and that of the median.

    Args:
        sample: the rows.
        given: columns that a person named, which are something else.
    """
    pairs, quantiles = _by_name([each for name, each in sample.columns.items() if name not in given])
    if quantiles and sums_to_one(sample, quantiles.values()):
        quantiles = {}
    ends = {name for pair in pairs if pair.sure for name in (pair.low, pair.high)}
    return ends | {*quantiles.values()}, quantiles.get(0.5, "")


def predicted_range(sample: Sample, prediction: str, used: Collection[str]) -> PredictedRange:
    """What is around a prediction, by names and values.

    Args:
        sample: the rows.
        prediction: the column of the prediction, which may be a quantile as well.
        used: columns that are something else.
    """
    pairs, named = _by_name(
        [each for name, each in sample.columns.items() if name not in used or name == prediction]
    )
    found = []
    for each in pairs:
        share = _share(sample, each.low, prediction, each.high)
        # an end that rows of a feature have as well is told by nothing but its name
        if share >= _MOSTLY or (each.sure and share > 0):
            found.append(Interval(each.low, each.high, share, each.sure))
    found.sort(key=lambda each: not each.sure)
    quantiles = {}
    if named and _in_order(sample, prediction, named):
        quantiles = {level: name for level, name in named.items() if name != prediction}
    others = tuple(name for each in found[1:] for name in (each.low, each.high))
    return PredictedRange(found[0] if found else None, quantiles, others)


def _by_name(columns: Sequence[Column]) -> tuple[list[Interval], dict[float, str]]:
    """Pairs of columns that are called as the ends of an interval, and columns called after quantiles."""
    numeric = [column for column in columns if column.numeric]
    return list(_pairs(numeric)), _quantiles(numeric)


def _pairs(columns: Sequence[Column]) -> Iterator[Interval]:
    """Columns whose names differ by the end alone."""
    by_name = {plain(column.name): column.name for column in columns}
    for name, column in by_name.items():
        match = _END.fullmatch(name)
        if match is None:
            continue
        end = match["end"] or match["glued_end"]
        if end not in _UPPER:
            continue
        before, after = (match["before"], match["after"]) if match["end"] else (match["glued"], "")
        other = by_name.get(f"{before}{_UPPER[end]}{after}")
        if other is not None:
            alone = not before and not after
            yield Interval(column, other, sure=bool(_SAYS.fullmatch(name)) or alone)


def _quantiles(columns: Sequence[Column]) -> dict[float, str]:
    """The most columns that are called alike but for a level."""
    families: dict[str, dict[float, str]] = {}
    for column in columns:
        if match := _QUANTILE.fullmatch(plain(column.name)):
            level = _level(match["level"] or match["percent"])
            if level is not None:
                family = match["before"] if match["level"] else match["plain"]
                families.setdefault(family, {}).setdefault(level, column.name)
    most = max(families.values(), key=len, default={})
    return dict(sorted(most.items()))


def _level(text: str) -> float | None:
    """The level that digits of a name mean; None for none.

    >>> [_level(text) for text in ("10", "05", "0_9", "975", "2_5", "5", "100", "0")]
    [0.1, 0.05, 0.9, 0.975, 0.025, 0.05, None, None]
    """
    digits = text.strip("_")
    if digits.startswith("0_"):
        level = float(digits.replace("_", ".", 1))
    elif "_" in digits:
        level = float(digits.replace("_", ".", 1)) / 100
    else:
        level = int(digits) / 10 ** max(2, len(digits))
    return round(level, 9) if 0 < level < 1 and digits != "100" else None


def _share(sample: Sample, low: str, value: str, high: str) -> float:
    """The share of rows in which a value lies between two, the lower of which is not the higher."""
    below, at, above = (sample.number(name) for name in (low, value, high))
    inside = sample.count(
        f"SELECT count(*) FROM {sample.table} WHERE {below} <= {at} AND {at} <= {above} AND {below} < {above}"
    )
    ordered = sample.count(f"SELECT count(*) FROM {sample.table} WHERE {below} > {above}")
    return 0.0 if ordered > sample.rows * (1 - _MOSTLY) else inside / max(sample.rows, 1)


def _in_order(sample: Sample, prediction: str, quantiles: Mapping[float, str]) -> bool:
    """Whether quantiles ascend with their levels, and the outer ones are around the prediction."""
    outer = [(level, name) for level, name in quantiles.items() if name != prediction]
    pairs = list(pairwise(quantiles.values()))
    # a mean may lie beyond the median
    pairs += [(name, prediction) for level, name in outer if level <= _OUTER]
    pairs += [(prediction, name) for level, name in outer if level >= 1 - _OUTER]
    off = [
        sample.count(
            f"SELECT count(*) FROM {sample.table} WHERE {sample.number(low)} > {sample.number(high)}"
        )
        for low, high in pairs
    ]
    return all(count <= sample.rows * (1 - _MOSTLY) for count in off)
