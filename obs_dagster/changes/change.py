"""A column that has moved: before and after in its own terms, with what explains it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.histogram import Histogram
from obs_dagster.changes.summary import Summary
from obs_dagster.monitor.whole import WHOLE


@dataclass(frozen=True, slots=True)
class Reference:
    """What the window was compared with.

    Attributes:
        kind: the kind of baseline.
        first, last: its days; None if its rows are none of the log's.
    """

    kind: str
    first: dt.date | None = None
    last: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A column of a version that has moved over a window, of all rows or in a segment cell.

    Attributes:
        windows: the lengths of the windows, in days ending on `day`, that hold these same rows.
        before, after: the baseline, and the window.
        causes: what explains it: what became of the values, then what is missing; empty if nothing is known
            to.
        values: whether the values have moved, and not only how many are missing.
        histogram: both sides as bars; None if one of them has no values, or they cannot be drawn.
        segment: the cell; `*` for all rows.
    """

    version: str
    column: str
    day: dt.date
    windows: tuple[int, ...]
    reference: Reference
    before: Summary
    after: Summary
    causes: tuple[Cause, ...]
    values: bool
    histogram: Histogram | None
    segment: str = WHOLE

    @property
    def subject(self) -> str:
        """The column, with the cell that it is of."""
        return self.column if self.segment == WHOLE else f"{self.column} in {self.segment}"

    @property
    def window(self) -> int:
        """The shortest window that holds its rows."""
        return min(self.windows)

    def as_json(self) -> dict[str, Any]:
        """The change as a JSON document has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Change:
        """The change that `as_json` wrote, after JSON has made texts of dates and lists of tuples."""
        reference = document["reference"]
        first, last = (
            None if reference[end] is None else dt.date.fromisoformat(reference[end])
            for end in ("first", "last")
        )
        return cls(
            version=document["version"],
            column=document["column"],
            day=dt.date.fromisoformat(document["day"]),
            windows=tuple(document["windows"]),
            reference=Reference(reference["kind"], first, last),
            before=_summary(document["before"]),
            after=_summary(document["after"]),
            causes=tuple(Cause(**cause) for cause in document["causes"]),
            values=document["values"],
            histogram=_histogram(document["histogram"]),
            segment=document.get("segment", WHOLE),
        )


def _summary(document: dict[str, Any]) -> Summary:
    return Summary(**{**document, "quantiles": tuple(document["quantiles"])})


def _histogram(document: dict[str, Any] | None) -> Histogram | None:
    if document is None:
        return None
    return Histogram(
        document["axis"], *(tuple(document[name]) for name in ("names", "edges", "before", "after"))
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What moved on a night, as the night kept it.

    Attributes:
        every: one change per version, segment cell, column and set of days; the gravest of a version first.
            Cells are those that a rule watches.
    """

    every: Sequence[Change] = ()

    @property
    def all(self) -> Sequence[Change]:
        """The changes of all rows."""
        return [each for each in self.every if each.segment == WHOLE]

    def about(self, version: str, column: str, window: int, segment: str) -> Change | None:
        """What is known of a column in a segment cell, or else of all rows: the change says which."""
        return self.of(version, column, window, segment) or self.of(version, column, window)

    def of(self, version: str, column: str, window: int, segment: str = WHOLE) -> Change | None:
        """What is known of a column over a window.

        A fault that began within a longer window is but a part of its rows. If nothing explains the window,
        a shorter one that ends on the same day and is explained says more.
        """
        found = sorted(
            (
                each
                for each in self.every
                if (each.version, each.segment, each.column) == (version, segment, column)
                and each.window <= window
            ),
            key=lambda each: each.window,
        )
        own = next((each for each in found if window in each.windows), None)
        if own is None or own.causes:
            return own
        return next((each for each in found if each.causes), own)


NOTHING = Changes()
"""No column has moved, as far as is known."""
