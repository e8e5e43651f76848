"""Where the name of a threshold stands: beside its line, and where no curve runs through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal

CHARACTER, LINE = 5.3, 11.0
"""Width of a character and height of a line, in the chart's units; rather too much than too little."""

_GAP = 3.5
_STEPS = 6
"""Places between two points of a curve that are looked at."""

Place = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Label:
    """A text as it is drawn: `y` is its baseline, `line` its threshold's line."""

    line: float
    x: float
    y: float
    anchor: Anchor
    text: str

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        width = CHARACTER * len(self.text)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - LINE + 2.0, left + width, self.y + 2.0


def place_labels(
    lines: Sequence[tuple[float, str]],
    curves: Sequence[Sequence[Place]],
    *,
    frame: tuple[float, float, float, float],
) -> list[Label]:
    """Puts each text above or below its line, at the left, in the middle or at the right.

    Of these places the first one counts through which no curve runs; if there is none, that with the least of
    them.

    Args:
        lines: y and text of each threshold.
        curves: the points of each curve, in order.
        frame: left, top, right and bottom of the chart.
    """
    points = [point for curve in curves for point in _along(curve)]
    placed: list[Label] = []
    for line, text in lines:
        candidates = [each for each in _candidates(line, text, frame) if _within(each, frame)]
        best = min(
            candidates or [next(_candidates(line, text, frame))],
            key=lambda label: _crossed(label, points) + 1_000 * sum(_overlap(label, each) for each in placed),
        )
        placed.append(best)
    return placed


def _candidates(line: float, text: str, frame: tuple[float, float, float, float]) -> Iterator[Label]:
    left, _, right, _ = frame
    across: list[tuple[float, Anchor]] = [
        (left + _GAP, "start"),
        (right - _GAP, "end"),
        ((left + right) / 2, "middle"),
    ]
    for y, (x, anchor) in product((line - _GAP, line + LINE), across):
        yield Label(line, x, y, anchor, text)


def _within(label: Label, frame: tuple[float, float, float, float]) -> bool:
    _, top, _, bottom = label.box
    return top >= frame[1] - 2.0 and bottom <= frame[3]


def _crossed(label: Label, points: Sequence[Place]) -> int:
    left, top, right, bottom = label.box
    return sum(left <= x <= right and top <= y <= bottom for x, y in points)


def _overlap(one: Label, other: Label) -> bool:
    a, b = one.box, other.box
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _along(curve: Sequence[Place]) -> Iterator[Place]:
    """The points of a curve, and some between them."""
    yield from curve[:1]
    for (x0, y0), (x1, y1) in pairwise(curve):
        for step in range(1, _STEPS + 1):
            yield x0 + (x1 - x0) * step / _STEPS, y0 + (y1 - y0) * step / _STEPS
