"""Columns that moved, drawn: the baseline behind, the window before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from obs_dagster.changes.change import Change
from obs_dagster.changes.figures import value
from obs_dagster.changes.histogram import Histogram
from obs_dagster.changes.summary import LEVELS, Summary
from obs_dagster.changes.words import between, reference_days, told
from obs_dagster.figures import percent
from obs_dagster.verdict.verdict import Verdict
from obs_dagster.verdict.wording import UNKNOWN

WIDTH, HEIGHT = 300.0, 84.0
"""Of a picture over the line; its bars stand on `_FLOOR`."""

_FLOOR, _TOP = 66.0, 6.0
_ROW, _NAME, _BAR, _FIGURES = 22.0, 92.0, 118.0, 84.0
"""Of a picture by value: a row's height, and the widths of name, bars and figures."""

MOST, TOLD = 8, 3
"""Columns of a version that are drawn, and that are told beside its verdict."""

_NAME_LENGTH = 14


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar: its place, and which side it is of."""

    side: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text in a picture; `anchor` is as SVG has it."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars of both sides, and what is written beside them.

    Attributes:
        width, height: of the view box.
        described: the same for who does not see it.
    """

    width: float
    height: float
    rects: Sequence[Rect]
    labels: Sequence[Label]
    described: str


@dataclass(frozen=True, slots=True)
class Card:
    """One column that moved.

    Attributes:
        told: before and after, and what explains it.
        days: those of both sides.
        picture: None where one side has no values.
        headings, rows: quantiles and missing share of both sides; none where all is in the picture.
    """

    column: str
    told: str
    days: str
    picture: Picture | None
    headings: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Cards:
    """The columns of one version that moved; `others` is how many are not drawn."""

    version: str
    style: int
    cards: Sequence[Card]
    others: int


def moved_cards(judged: Sequence[Verdict], styles: Mapping[str, int]) -> list[Cards]:
    """The columns that moved of every version that has such."""
    return [
        Cards(
            verdict.version,
            styles[verdict.version],
            [_card(change) for change in verdict.moved[:MOST]],
            max(0, len(verdict.moved) - MOST),
        )
        for verdict in judged
        if verdict.moved
    ]


def moved_lines(verdict: Verdict) -> list[tuple[str, str]]:
    """The columns that are told beside a verdict, each with what is told of it."""
    return [(change.subject, told(change)) for change in verdict.moved[:TOLD]]


def picture(change: Change) -> str:
    """Both sides as an SVG document that stands alone; empty where one has no values."""
    drawn = None if change.histogram is None else draw(change.histogram)
    if drawn is None:
        return ""
    fills = {"before": 'fill="#8a94a0" fill-opacity=".55"', "after": 'fill="#1b62c9" fill-opacity=".6"'}
    rects = "".join(
        f'<rect x="{each.x:g}" y="{each.y:g}" width="{each.width:g}" height="{each.height:g}" '
        f"{fills[each.side]}/>"
        for each in drawn.rects
    )
    texts = "".join(
        f'<text x="{each.x:g}" y="{each.y:g}" text-anchor="{each.anchor}">{escape(each.text)}</text>'
        for each in drawn.labels
    )
    legend = (
        f'<text x="0" y="{drawn.height + 12:g}">grey: {escape(reference_days(change.reference))}, '
        "blue: the window</text>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawn.width * 1.4:g}" '
        f'viewBox="0 0 {drawn.width:g} {drawn.height + 16:g}" font-family="sans-serif" font-size="10.5" '
        f'fill="#666">{rects}{texts}{legend}</svg>'
    )


def draw(histogram: Histogram) -> Picture | None:
    """A histogram as bars; None if it has none."""
    if not histogram.before:
        return None
    return _by_value(histogram) if histogram.axis == "values" else _over_line(histogram)


def _card(change: Change) -> Card:
    before, after = change.before, change.after
    quantiles = bool(before.quantiles or after.quantiles)
    missing = bool(before.missing or after.missing)
    headings = [*(_level(level) for level in LEVELS if quantiles), *(["missing"] if missing else [])]
    return Card(
        column=change.subject,
        told=told(change),
        days=f"{between(change)} · {before.rows:,} → {after.rows:,} rows",
        picture=None if change.histogram is None else draw(change.histogram),
        headings=headings,
        rows=[
            (name, _figures(side, quantiles=quantiles, missing=missing))
            for name, side in (("baseline", before), ("window", after))
            if headings
        ],
    )


def _level(level: float) -> str:
    return "median" if level == 0.5 else f"{level * 100:g} %"  # noqa: PLR2004 - the middle


def _figures(side: Summary, *, quantiles: bool, missing: bool) -> list[str]:
    figures = [value(each, side.spread) for each in side.quantiles]
    if quantiles and not figures:
        figures = [UNKNOWN] * len(LEVELS)
    return [*figures, *([percent(side.missing_share)] if missing else [])]


def _over_line(histogram: Histogram) -> Picture:
    """Bars over parts of the line, as high as their share."""
    most = max(*histogram.before, *histogram.after)
    width = WIDTH / len(histogram.before)
    rects = [
        Rect(
            side,
            round(place * width + inset, 2),
            round(_FLOOR - height, 2),
            round(width - 2 * inset, 2),
            height,
        )
        for side, shares, inset in (("before", histogram.before, 0.5), ("after", histogram.after, 2.0))
        for place, share in enumerate(shares)
        if (height := round(share / most * (_FLOOR - _TOP), 2)) > 0
    ]
    spread = histogram.edges[-1] - histogram.edges[0] if histogram.axis == "linear" else 0.0
    places = (0, len(histogram.before) // 2, len(histogram.before))
    labels = [
        Label(place * width, _FLOOR + 14, value(histogram.edges[place], spread), anchor)
        for place, anchor in zip(places, ("start", "middle", "end"), strict=True)
    ]
    described = (
        f"Shares of rows between {labels[0].text} and {labels[-1].text}: baseline behind, window before."
    )
    return Picture(WIDTH, HEIGHT, rects, labels, described)


def _by_value(histogram: Histogram) -> Picture:
    """A row for each value, with a bar of each side and their shares."""
    most = max(*histogram.before, *histogram.after)
    rects, labels = list[Rect](), list[Label]()
    for row, (name, before, after) in enumerate(
        zip(histogram.names, histogram.before, histogram.after, strict=True)
    ):
        top = row * _ROW
        for side, share, down in (("before", before, 4.0), ("after", after, 11.0)):
            rects.append(Rect(side, _NAME, top + down, round(share / most * _BAR, 2), 6.0))
        labels.append(Label(0.0, top + 14, _shortened(name)))
        figures = f"{percent(before)} → {percent(after)}"
        labels.append(Label(_NAME + _BAR + _FIGURES, top + 14, figures, "end"))
    described = "; ".join(label.text for label in labels)
    return Picture(_NAME + _BAR + _FIGURES, len(histogram.names) * _ROW + 4, rects, labels, described)


def _shortened(name: str) -> str:
    if not name:
        return "all others"
    shown = name if name.strip() == name else f"'{name}'"
    return shown if len(shown) <= _NAME_LENGTH else f"{shown[: _NAME_LENGTH - 1]}…"
