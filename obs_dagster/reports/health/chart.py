"""Geometry of one trend chart: a line per version with its interval, thresholds, and days with a caveat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from obs_dagster.quality.refusal import not_evaluated
from obs_dagster.reports.health.label_place import Label, place_labels
from obs_dagster.reports.health.scale import Scale, nice_ticks, value_range
from obs_dagster.verdict.wording import day_month, limit, measured, number, written

WIDTH, HEIGHT = 300.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 36.0, 22.0, 8.0, 20.0
LABEL_GAP = 11.0
"""Least distance between two labels at the ends of lines."""

LONGEST_NAME = 36
"""Characters of a rule's name that fit beside its threshold."""

ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a trend; `settled` says whether all labels that it depends on are in."""

    day: dt.date
    value: float
    low: float | None
    high: float | None
    n: int
    settled: bool = True
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Trend:
    """The points of one version in order of day; `style` is the number of its colour and dash.

    Those of `expected` are what the same numbers were expected to be before labels were complete, by how
    (`estimated`, `adapted`, `completed`).
    """

    version: str
    style: int
    points: Sequence[Point]
    expected: Mapping[str, Sequence[Point]] = field(default_factory=dict)

    @property
    def all_points(self) -> Iterator[Point]:
        """The measured points, then all others."""
        yield from self.points
        for points in self.expected.values():
            yield from points

    @property
    def last(self) -> Point:
        """The last measured point; if there is none, the last of what was expected."""
        return self.points[-1] if self.points else next(each[-1] for each in self.expected.values() if each)


@dataclass(frozen=True, slots=True)
class Mark:
    """A point as drawn; `tip` is what a pointer sees."""

    x: float
    y: float
    settled: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Guess:
    """What was expected of one version as drawn: how, SVG path data, and a mark for each day."""

    how: str
    path: str
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One version as drawn: SVG path data of its interval, its settled and unsettled line, its estimates."""

    version: str
    style: int
    band: str
    solid: str
    dashed: str
    marks: Sequence[Mark]
    label_y: float
    latest: str
    guesses: Sequence[Guess] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready for the template; `empty` says why nothing is drawn.

    Attributes:
        ticks: (y, text) of the horizontal grid.
        days: (x, text, SVG text-anchor) of the day axis.
        thresholds: the alert rules' lines, each with the place of its name.
        blanks: (x, width, tip) of the days without an evaluation.
        arriving: (x, width) of the days whose labels are still arriving; None if there are none.
    """

    title: str
    note: str
    description: str
    empty: str = ""
    strokes: Sequence[Stroke] = ()
    ticks: Sequence[tuple[float, str]] = ()
    days: Sequence[tuple[float, str, str]] = ()
    thresholds: Sequence[Label] = ()
    blanks: Sequence[tuple[float, float, str]] = ()
    arriving: tuple[float, float] | None = None
    width: float = field(default=WIDTH, init=False)
    height: float = field(default=HEIGHT, init=False)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all charts of a page share: the days from `first` to `last`, and those without an evaluation."""

    first: dt.date
    last: dt.date
    blanks: dict[dt.date, str]

    @property
    def x(self) -> Scale:
        """The scale of days, as proleptic ordinals; half a day of room at each end."""
        return Scale(self.first.toordinal() - 0.5, self.last.toordinal() + 0.5, start=LEFT, end=WIDTH - RIGHT)


def draw(
    frame: Frame,
    metric: str,
    title: str,
    note: str,
    trends: Sequence[Trend],
    *,
    thresholds: Sequence[tuple[float, str]] = (),
    from_zero: bool = False,
    empty: str = "",
) -> Chart:
    """Lays out one chart.

    Args:
        frame: the days.
        metric: gives the numbers their unit.
        title: what is drawn.
        note: the window, beside the title.
        trends: one per version.
        thresholds: (value, name of the rule).
        from_zero: whether the axis has to start at zero.
        empty: what to say if no trend has a point.
    """
    points = [point for trend in trends for point in trend.all_points]
    if not points:
        return Chart(title, note, description=f"{title}: {empty}", empty=empty)
    bounds = [bound for point in points for bound in (point.low, point.high) if bound is not None]
    lines = [value for value, _ in thresholds]
    low, high = value_range([point.value for point in points], bounds, lines, from_zero=from_zero)
    ticks = nice_ticks(low, high, count=3)
    y = Scale(ticks[0], ticks[-1], start=HEIGHT - BOTTOM, end=TOP)
    x = frame.x
    drawn = [trend for trend in trends if any(trend.all_points)]
    ends = _spread([y.place(trend.last.value) for trend in drawn])
    return Chart(
        title=title,
        note=note,
        description=". ".join(_spoken(metric, title, trend) for trend in drawn),
        strokes=[_stroke(metric, trend, x, y, end) for trend, end in zip(drawn, ends, strict=True)],
        ticks=[(y.place(tick), _tick_text(metric, tick)) for tick in ticks],
        days=_day_axis(frame, x),
        thresholds=place_labels(
            [(y.place(value), f"{_shorten(name)}: {limit(metric, value)}") for value, name in thresholds],
            [
                [(x.place(point.day.toordinal()), y.place(point.value)) for point in trend.points]
                for trend in drawn
            ],
            frame=(LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        ),
        blanks=[_blank(day, reason, x) for day, reason in frame.blanks.items()],
        arriving=_arriving(points, x),
    )


def _shorten(name: str) -> str:
    """The name, cut to what a chart has room for."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _spoken(metric: str, title: str, trend: Trend) -> str:
    told = []
    for how, points in (("", trend.points), *trend.expected.items()):
        if points:
            first, last = points[0], points[-1]
            told.append(
                f"{title}{f', {how}' if how else ''}, version {trend.version}: "
                f"{measured(metric, last.value, last.low, last.high, last.error)} "
                f"on {day_month(last.day)}, from {number(metric, first.value)} on {day_month(first.day)}"
            )
    return ". ".join(told)


def _stroke(metric: str, trend: Trend, x: Scale, y: Scale, label_y: float) -> Stroke:
    marks = [_mark(metric, trend.version, point, x, y) for point in trend.points]
    return Stroke(
        version=trend.version,
        style=trend.style,
        band=" ".join(_band(run, x, y) for run in _runs(trend.points)),
        solid=_path(trend.points, x, y, settled=True),
        dashed=_path(trend.points, x, y, settled=False),
        marks=marks,
        label_y=label_y,
        latest=number(metric, trend.last.value),
        guesses=[
            Guess(
                how,
                _path(points, x, y, settled=True),
                [_mark(metric, trend.version, point, x, y, how=f"{how} ") for point in points],
            )
            for how, points in trend.expected.items()
            if points
        ],
    )


def _mark(metric: str, version: str, point: Point, x: Scale, y: Scale, *, how: str = "") -> Mark:
    tip = (
        f"{day_month(point.day)}, version {version}: {how}"
        f"{measured(metric, point.value, point.low, point.high, point.error)}, n = {point.n:,}"
    )
    if not point.settled:
        tip += ", labels still arriving"
    return Mark(_round(x.place(point.day.toordinal())), _round(y.place(point.value)), point.settled, tip)


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Splits the points where days are missing: nothing is drawn across a gap."""
    runs: list[list[Point]] = []
    for point in points:
        if runs and point.day - runs[-1][-1].day == ONE_DAY:
            runs[-1].append(point)
        else:
            runs.append([point])
    return runs


def _path(points: Sequence[Point], x: Scale, y: Scale, *, settled: bool) -> str:
    """The line through points of one kind; the step from settled to unsettled belongs to the latter."""
    parts: list[str] = []
    for run in _runs(points):
        pen_down = False
        for before, after in pairwise(run):
            if (before.settled and after.settled) is not settled:
                pen_down = False
                continue
            if not pen_down:
                parts.append(f"M{_at(before, before.value, x, y)}")
                pen_down = True
            parts.append(f"L{_at(after, after.value, x, y)}")
    return "".join(parts)


def _band(run: Sequence[Point], x: Scale, y: Scale) -> str:
    """The area of the intervals; none where all values are 0, for it would look like an area of rows."""
    if not any(point.value for point in run):
        return ""
    upper = [f"{_at(point, point.high, x, y)}" for point in run if point.high is not None]
    lower = [f"{_at(point, point.low, x, y)}" for point in reversed(run) if point.low is not None]
    if len(upper) < 2 or len(upper) != len(lower):  # noqa: PLR2004 - one point has no area
        return ""
    return f"M{'L'.join((*upper, *lower))}Z"


def _at(point: Point, value: float, x: Scale, y: Scale) -> str:
    return f"{_round(x.place(point.day.toordinal())):g},{_round(y.place(value)):g}"


def _round(place: float) -> float:
    return round(place, 1)


def _spread(places: Sequence[float]) -> list[float]:
    """Moves labels apart so that none covers another, keeping their order."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    spread = list(places)
    for before, after in pairwise(order):
        spread[after] = max(spread[after], spread[before] + LABEL_GAP)
    overflow = max((spread[index] for index in order), default=0.0) - (HEIGHT - BOTTOM)
    return [place - max(overflow, 0.0) for place in spread]


def _tick_text(metric: str, tick: float) -> str:
    if written(metric) == "percent":
        return f"{100 * tick:g} %"
    return f"{tick:,.0f}" if tick >= 1_000 else f"{tick:g}"  # noqa: PLR2004 - thousands get a comma


def _day_axis(frame: Frame, x: Scale) -> list[tuple[float, str, str]]:
    """The first and the last day, and one between them if there is room."""
    days = (frame.last - frame.first).days
    axis = [(_round(x.place(frame.last.toordinal())), _short(frame.last), "end")]
    if days:
        axis.insert(0, (_round(x.place(frame.first.toordinal())), _short(frame.first), "start"))
    if days >= 14:  # noqa: PLR2004 - below two weeks the ends say enough
        middle = frame.first + dt.timedelta(days=days // 2)
        axis.insert(1, (_round(x.place(middle.toordinal())), _short(middle), "middle"))
    return axis


def _short(day: dt.date) -> str:
    return f"{day.day} {day:%b}"


def _blank(day: dt.date, reason: str, x: Scale) -> tuple[float, float, str]:
    start, end = x.place(day.toordinal() - 0.5), x.place(day.toordinal() + 0.5)
    return _round(start), _round(end - start), not_evaluated(day_month(day), reason)


def _arriving(points: Sequence[Point], x: Scale) -> tuple[float, float] | None:
    open_days = [point.day.toordinal() for point in points if not point.settled]
    if not open_days:
        return None
    start, end = x.place(min(open_days) - 0.5), x.place(max(open_days) + 0.5)
    return _round(start), _round(end - start)
