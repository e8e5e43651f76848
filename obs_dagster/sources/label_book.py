"""What is known of labels between nights: files that were read, what came of them, days that have labels.

The book is written last, so a killed run reads the same again. One that is lost or damaged is none: all
labels are read again, which changes nothing that was right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from obs_dagster.lake.lake import write_json
from obs_dagster.telemetry.event import Event

_BOOK = "files_read.json"
_DAMAGED = Event(
    "obs_dagster.sources",
    "label book unusable",
    "warning",
    "What was known of the labels is damaged, or of an earlier version; all labels are read again.",
    {"file": "the file", "error": "why"},
)
_MOST_NAMED = 5
#: What labels are that mean nothing, and what to do, by the SQL type of those that do.
_UNUSABLE = {
    "BOOLEAN": (
        "of neither class",
        "Name the values in labels.positive and labels.negative, or correct the labels.",
    ),
    "DOUBLE": ("no finite number", "Correct the labels."),
}


@dataclass(frozen=True, slots=True)
class FileRead:
    """What came of a label file, or of a part of a table.

    Attributes:
        stamp: changes when it is rewritten.
        rows: all rows.
        positive, negative: rows with an id and a label of the class.
        unknown: rows whose label is null or blank: not known yet.
        without_id: rows without an id.
        lost_digits: rows whose id is a float too large to be one id.
        untimed: rows whose `known_at` is no time; they count as known earliest.
        unusable: rows per value of neither class, the most frequent ones.
        unusable_rows: rows with such values.
        untold: rows that are none of all this; only 0 is no fault.
        held: whether all labels are kept back, since a value that cannot be used may be the class that is not
            there.
        unreadable: why nothing of it could be read; it is tried again every night.
    """

    stamp: str
    rows: int = 0
    positive: int = 0
    negative: int = 0
    unknown: int = 0
    without_id: int = 0
    lost_digits: int = 0
    untimed: int = 0
    unusable: dict[str, int] = field(default_factory=dict)
    unusable_rows: int = 0
    untold: int = 0
    held: bool = False
    unreadable: str = ""

    @property
    def usable(self) -> int:
        """Rows whose label is used."""
        return 0 if self.held else self.positive + self.negative


@dataclass(frozen=True, slots=True)
class DayWritten:
    """The labels of a day: how many, and the size and time of their file."""

    labels: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Labels whose prediction nobody knows.

    Attributes:
        labels: how many.
        ids: some of their ids, as they are compared.
        log_ids: some ids of the newest day of the log.
        of_log: whether labels are in the log itself, and wait for their day alone.
        compared: how many of them were compared with ids of the newest days.
        why: how many of those are such ids but for how they are written, by what differs.
        alike: of each such difference an id of a label, and the log's that it may be.
    """

    labels: int = 0
    ids: list[str] = field(default_factory=list)
    log_ids: list[str] = field(default_factory=list)
    of_log: bool = False
    compared: int = 0
    why: dict[str, int] = field(default_factory=dict)
    alike: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told(with_ids=True)

    def told(self, *, with_ids: bool) -> str:
        """What people must know of them; with ids, or without."""
        if self.of_log:
            return f"{self.labels:,} labels are of rows whose day has not been run."
        told = f"{self.labels:,} labels wait for a prediction with their id"
        if with_ids:
            seen = f"; the log has ids such as {', '.join(self.log_ids)}" if self.log_ids else ""
            told += f", such as {', '.join(self.ids)}{seen}"
        told += "".join(
            f". {rows:,} of {self.compared:,} that were looked at match {what}"
            f"{self._example(what) if with_ids else ''}"
            for what, rows in self.why.items()
        )
        if not self.why and self.compared:
            told += ". None is an id of the newest days in another form: has their day been run?"
            return told
        return f"{told}."

    def _example(self, what: str) -> str:
        """A label's id, and the log's, in quotes that show their blanks."""
        pair = self.alike.get(what, [])
        return f", such as {pair[0]!r} for {pair[1]!r}" if pair else ""


@dataclass(frozen=True, slots=True)
class LabelBook:
    """The book of a monitor's labels.

    Attributes:
        meaning: what labels were read as: columns, and values of the classes.
        negative: the word for the negative class, where the labels themselves told it.
        files: by name.
        days: by day.
        waiting: labels that wait.
        conflicts: ids that had two labels at one time, when they were last read.
        conflicting: some of them.
        lost: days whose labels were lost and could not be read again in full, with how many they had.
        astray: labels that were read last and are nowhere: neither with their prediction nor waiting,
            repeated or of a forgotten id.
        kind: the SQL type of what labels are read as.
        unreachable: why the source itself could not be looked at; the rest is then as it was before.
        snapshot: the state of the table that labels were read at last; None of files.
    """

    meaning: str = ""
    negative: str | None = None
    files: dict[str, FileRead] = field(default_factory=dict)
    days: dict[str, DayWritten] = field(default_factory=dict)
    waiting: Waiting = Waiting()
    conflicts: int = 0
    conflicting: list[str] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    astray: int = 0
    kind: str = "BOOLEAN"
    unreachable: str = ""
    snapshot: dict[str, Any] | None = None

    @classmethod
    def read(cls, folder: Path) -> LabelBook:
        """The book in a folder; an empty one if there is none that can be read."""
        path = folder / _BOOK
        try:
            return cls._from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            # of an earlier version, or damaged
            _DAMAGED(file=str(path), error=str(error))
            return cls()

    @classmethod
    def _from_json(cls, document: Mapping[str, Any]) -> LabelBook:
        return cls(
            **{
                **document,
                "files": {name: FileRead(**each) for name, each in document["files"].items()},
                "days": {day: DayWritten(**each) for day, each in document["days"].items()},
                "waiting": Waiting(**document["waiting"]),
            }
        )

    def write(self, folder: Path) -> None:
        """Replace the book in a folder."""
        write_json(folder / _BOOK, asdict(self))

    @property
    def unusable(self) -> dict[str, int]:
        """Rows per value of neither class, the most frequent first."""
        counts: Counter[str] = Counter()
        for each in self.files.values():
            counts.update(each.unusable)
        return dict(counts.most_common())

    @property
    def matched(self) -> int:
        """Labels that have found their prediction."""
        return sum(day.labels for day in self.days.values())

    @property
    def waited_for(self) -> int:
        """Labels that have found none."""
        return self.waiting.labels

    @property
    def without_use(self) -> int:
        """Rows that are no label: without an id, a value or a meaning, or kept back."""
        return sum(each.rows - each.usable for each in self.files.values())

    @property
    def unaccounted(self) -> int:
        """Rows that were read and are nowhere. Only 0 is no fault."""
        return abs(self.astray) + sum(each.untold for each in self.files.values())

    @property
    def refused(self) -> list[str]:
        """What could not be read, and why, a sentence each."""
        unreadable = [each.unreadable for each in self.files.values() if each.unreadable]
        return [self.unreachable] if self.unreachable else unreadable

    @property
    def wrong(self) -> bool:
        """Whether labels that there were, or are, cannot be had: somebody has to act."""
        return bool(self.refused or self.lost or self.unaccounted)

    @property
    def serious(self) -> bool:
        """Whether there is more to say than that some labels wait."""
        lost = self.waiting.labels > self.matched and not self.waiting.of_log
        return lost or len(list(self.notes())) > int(self.waiting.labels > 0)

    def notes(self, *, with_ids: bool = True) -> Iterator[str]:
        """What people must know of the labels, a sentence each.

        Args:
            with_ids: whether ids are among it: not where it is kept by others, who forget none.
        """
        files = self.files.values()
        if refused := self.refused:
            more = f" And {len(refused) - 1:,} more cannot be read." if len(refused) > 1 else ""
            yield f"Labels cannot be read, and are missing until they can: {refused[0]}{more}"
        if rows := sum(each.unusable_rows for each in files):
            told, remedy = _UNUSABLE.get(self.kind, _UNUSABLE["BOOLEAN"])
            yield f"{rows:,} labels are {told} and count as not known: {named(self.unusable)}. {remedy}"
        if held := [name for name, each in self.files.items() if each.held]:
            yield (
                f"No label of {_some(held)} is used: one class is not there, and may be what the values of "
                "neither class stand for."
            )
        if rows := sum(each.lost_digits for each in files):
            yield (
                f"{rows:,} labels have ids that are floats from 2^53 on (32 bits: 2^24): they have lost "
                "digits and match nothing. Write ids as text or as integers."
            )
        if rows := sum(each.without_id for each in files):
            yield f"{rows:,} labels have no id."
        if rows := sum(each.untimed for each in files):
            yield f"{rows:,} labels have a known_at that is no time; any other label of their id goes before."
        if self.conflicts:
            such = f", such as {', '.join(self.conflicting)}" if with_ids else ""
            yield (
                f"{self.conflicts:,} ids had two different labels known at one time"
                f"{such}; the later row counts, and of several files the last by name."
            )
        if self.waiting.labels:
            yield self.waiting.told(with_ids=with_ids)
        yield from self._missing()

    def _missing(self) -> Iterator[str]:
        """What there was, and is nowhere now."""
        if rows := self.unaccounted:
            yield f"{rows:,} labels were read and are nowhere. Run the night again; if it stays, report it."
        for day, had in sorted(self.lost.items()):
            now = self.days[day].labels if day in self.days else 0
            yield (
                f"The labels of {day} were lost, and their sources no longer have all of them: "
                f"{now:,} of {had:,} are back."
            )


def named(values: Mapping[str, int]) -> str:
    """Values with their numbers of rows, the first ones.

    >>> named({"pending": 1200, "?": 3})
    "'pending' (1,200), '?' (3)"
    """
    shown = [f"{value[:40]!r} ({rows:,})" for value, rows in values.items()]
    return _some(shown, ", ")


def _some(texts: list[str], separator: str = ", ") -> str:
    more = len(texts) - _MOST_NAMED
    return separator.join(texts[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
