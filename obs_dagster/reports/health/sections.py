"""What a task shows of its outcomes, laid out: curves as geometry, matrices and listings as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from obs_dagster.figures import percent
from obs_dagster.reports.health.scale import Scale, nice_ticks, value_range
from obs_dagster.tasks.sections import Curve, CurvePoint, Gallery, GalleryItem, Listing, Matrix, Section
from obs_dagster.verdict.wording import plain

WIDTH, HEIGHT = 460.0, 230.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 8.0, 38.0


@dataclass(frozen=True, slots=True)
class CurveMark:
    """A point as drawn, with the line of its interval if it has one; `tip` is what a pointer sees."""

    x: float
    y: float
    low: float | None
    high: float | None
    tip: str


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """A curve, ready for the template; `empty` says why nothing is drawn.

    Attributes:
        x_ticks, y_ticks: (place, text).
        path: SVG path data of the line through the points.
        diagonal: SVG path data of where x and y are the same; empty if that means nothing.
        beside: SVG path data of the line that it is compared with; empty without one.
        description: what is drawn, in words.
    """

    title: str
    note: str
    empty: str = ""
    x: str = ""
    y: str = ""
    x_ticks: Sequence[tuple[float, str]] = ()
    y_ticks: Sequence[tuple[float, str]] = ()
    path: str = ""
    diagonal: str = ""
    beside: str = ""
    marks: Sequence[CurveMark] = ()
    description: str = ""
    kind: str = "curve"
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """Rows of the log by two names: their number, their share of the row of the matrix, and its shade."""

    count: str
    share: str
    shade: float
    right: bool


@dataclass(frozen=True, slots=True)
class DrawnMatrix:
    """A matrix, ready for the template."""

    title: str
    note: str
    empty: str
    row: str
    column: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[MatrixCell]]]
    kind: str = "matrix"


@dataclass(frozen=True, slots=True)
class DrawnListing:
    """A table of texts, ready for the template."""

    title: str
    note: str
    empty: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int]
    kind: str = "listing"


@dataclass(frozen=True, slots=True)
class DrawnGallery:
    """Rows of the log, ready for the template."""

    title: str
    note: str
    empty: str
    items: Sequence[GalleryItem]
    kind: str = "gallery"


Drawn = DrawnCurve | DrawnMatrix | DrawnListing | DrawnGallery


@singledispatch
def draw_section(section: Section) -> Drawn:
    """A section as the template lays it out."""
    raise TypeError(f"{type(section).__name__} is no section of a health page")


@draw_section.register
def _(section: Listing) -> Drawn:
    empty = "" if section.rows else section.empty
    return DrawnListing(section.title, section.note, empty, section.headings, section.rows, section.numeric)


@draw_section.register
def _(section: Gallery) -> Drawn:
    return DrawnGallery(section.title, section.note, "" if section.items else section.empty, section.items)


@draw_section.register
def _(section: Matrix) -> Drawn:
    rows = []
    for name, counts in zip(section.rows, section.counts, strict=True):
        total = sum(counts)
        cells = [
            MatrixCell(
                count=f"{count:,}",
                share=percent(count / total) if count else "",
                shade=round(count / total, 3) if total else 0.0,
                right=section.right and name == column,
            )
            for column, count in zip(section.columns, counts, strict=True)
        ]
        rows.append((name, cells))
    empty = "" if any(map(any, section.counts)) else section.empty
    return DrawnMatrix(section.title, section.note, empty, section.row, section.column, section.columns, rows)


@draw_section.register
def _(section: Curve) -> Drawn:
    points = [point for point in section.points if math.isfinite(point.x) and math.isfinite(point.y)]
    if not points:
        return DrawnCurve(section.title, section.note, empty=section.empty)
    x_ticks, y_ticks = _ticks([*points, *section.beside], shared=section.diagonal)
    x = Scale(x_ticks[0], x_ticks[-1], start=LEFT, end=WIDTH - RIGHT)
    y = Scale(y_ticks[0], y_ticks[-1], start=HEIGHT - BOTTOM, end=TOP)
    first, last = max(x.low, y.low), min(x.high, y.high)
    diagonal = f"M{_at(x, y, first, first)}L{_at(x, y, last, last)}" if section.diagonal else ""
    return DrawnCurve(
        title=section.title,
        note=section.note,
        x=section.x,
        y=section.y,
        x_ticks=[(round(x.place(tick), 1), plain(tick)) for tick in x_ticks],
        y_ticks=[(round(y.place(tick), 1), plain(tick)) for tick in y_ticks],
        path=_line(x, y, points),
        beside=_line(x, y, section.beside) if section.beside else "",
        diagonal=diagonal,
        marks=[_mark(section, point, x, y) for point in points],
        description=". ".join(_told(section, point) for point in points),
    )


def _ticks(points: Sequence[CurvePoint], *, shared: bool) -> tuple[list[float], list[float]]:
    """Round values on both axes; the same ones where both show the same thing."""
    across = [point.x for point in points]
    up = [point.y for point in points]
    bounds = [bound for point in points for bound in (point.low, point.high) if bound is not None]
    if shared:
        both = nice_ticks(*value_range([*across, *up], bounds, (), from_zero=False))
        return both, both
    return (
        nice_ticks(*value_range(across, (), (), from_zero=False)),
        nice_ticks(*value_range(up, bounds, (), from_zero=False)),
    )


def _mark(section: Curve, point: CurvePoint, x: Scale, y: Scale) -> CurveMark:
    low, high = (None if end is None else round(y.place(end), 1) for end in (point.low, point.high))
    return CurveMark(round(x.place(point.x), 1), round(y.place(point.y), 1), low, high, _told(section, point))


def _told(section: Curve, point: CurvePoint) -> str:
    interval = (
        "" if point.low is None or point.high is None else f" [{plain(point.low)}, {plain(point.high)}]"
    )
    rows = f", n = {point.n:,.0f}" if point.n else ""
    return f"{section.x} {plain(point.x)}: {section.y} {plain(point.y)}{interval}{rows}"


def _line(x: Scale, y: Scale, points: Sequence[CurvePoint]) -> str:
    return "M" + "L".join(_at(x, y, point.x, point.y) for point in points)


def _at(x: Scale, y: Scale, across: float, up: float) -> str:
    return f"{round(x.place(across), 1):g},{round(y.place(up), 1):g}"
