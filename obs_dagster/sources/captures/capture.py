"""A form of capture: how its records are told from others, which belong together, and what rows they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from obs_dagster.kinds import Kinds, Place

Record = Mapping[str, Any]
"""A line of JSON, or a row of a table, with what is in it."""

Row = dict[str, Any]
"""A row of the log, by column."""


class RefusedError(Exception):
    """What a record holds is no prediction, or cannot be read; the message says why, and quotes no value."""


def first(record: Record, *names: str) -> Any:
    """The first of some fields that has a value; a table has all that any record has. None if none has.

    >>> first({"state": None, "status": "OK"}, "state", "status")
    'OK'
    """
    return next((record[name] for name in names if record.get(name) is not None), None)


class Capture(Protocol):
    """Unwraps the records of one form.

    Attributes:
        name: what it is called.
    """

    name: str

    def claims(self, record: Record) -> bool:
        """Whether a record has the form, by its shape."""

    def key(self, record: Record) -> str | None:
        """What the records of one request have in common; None if each record is a request of its own."""

    def rows(self, records: Sequence[Record]) -> Iterable[Row]:
        """The rows of a request: one for each of its instances.

        Args:
            records: of one request, in the order that they stand in.

        Raises:
            RefusedError: they are no rows.
        """


Side = Literal["request", "response"]


@runtime_checkable
class Paired(Protocol):
    """A form whose request and response are records of their own: one may come without the other."""

    def side(self, record: Record) -> Side:
        """Which half of a request a record is."""

    def instances(self, record: Record) -> int:
        """How many predictions a half is about.

        Raises:
            RefusedError: it cannot be read.
        """


@runtime_checkable
class Undated(Protocol):
    """A form whose records have no time: the file that has them was written when they were."""

    def dated(self, record: Record, written: str) -> Record:
        """The record with the time at which its file was written."""


@runtime_checkable
class Tabular(Protocol):
    """A form that is also written as CSV with names above."""

    def heads(self, names: Collection[str]) -> bool:
        """Whether names above the columns of a table are those of the form."""


CAPTURES: Kinds[Capture] = Kinds(
    "capture", "obs_dagster.captures", [Place("obs_dagster.sources.captures", "CAPTURE")]
)


def capture_of(record: object, likely: Capture | None = None) -> Capture | None:
    """The form that a record has; None if it has none that is known.

    Args:
        record: what a line says.
        likely: the form of the record before.
    """
    if not isinstance(record, Mapping):
        return None
    if likely is not None and likely.claims(record):
        return likely
    return next((each for each in CAPTURES.all().values() if each.claims(record)), None)
