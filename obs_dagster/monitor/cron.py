"""Cron expressions: whether one is right, and on which days it runs."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from obs_dagster.monitor.problem import quoted

_NUMBER = re.compile(r"[0-9]{1,2}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTHS = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))


@dataclass(frozen=True, slots=True)
class _Field:
    """One of the five fields, its range and the names that stand for numbers."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int:
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.first
        if not (_NUMBER.fullmatch(text) and self.first <= int(text) <= self.last):
            raise ValueError(
                f"{quoted(text)} is no {self.name}; legal are {self.first} to {self.last}"
                + (f" and {self.names[0]} to {self.names[-1]}" if self.names else "")
            )
        return int(text)

    def values(self, text: str) -> set[int]:
        """The numbers that a field selects: a list of `*`, numbers and ranges, the latter with a step."""
        return set().union(*(self._term(term) for term in text.split(",")))

    def _term(self, term: str) -> range:
        span, slash, step = term.partition("/")
        first, dash, last = span.partition("-")
        if slash and not (_NUMBER.fullmatch(step) and 1 <= int(step) <= self.last):
            raise ValueError(f"{quoted(step)} is no step of the {self.name}; legal are 1 to {self.last}")
        if slash and span != "*" and not dash:
            raise ValueError(f"{quoted(term)}: a step needs `*` or a range before it")
        if span == "*":
            return range(self.first, self.last + 1, int(step or 1))
        low = self.number(first)
        high = self.number(last) if dash else low
        if low > high:
            raise ValueError(f"{quoted(span)}: the range of the {self.name} runs backwards")
        return range(low, high + 1, int(step or 1))


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _WEEKDAYS),
)


def cron_mistake(expression: str) -> str | None:
    """What is wrong with a cron expression, None if nothing is.

    >>> cron_mistake("0 5 * * mon-fri")
    >>> cron_mistake("0 25 * * *")
    "'25' is no hour; legal are 0 to 23"
    """
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        names = ", ".join(field.name for field in _FIELDS)
        return f"a cron expression has five fields ({names}), this has {len(parts)}"
    try:
        _, _, days, months, _ = [field.values(part) for field, part in zip(_FIELDS, parts, strict=True)]
    except ValueError as error:
        return str(error)
    if min(days) > max(_LONGEST_MONTHS[month] for month in months):
        return "no such date exists, so it never runs"
    return None


def runs_on(expression: str, day: dt.date) -> bool:
    """Whether a cron expression that is right has a time on a day.

    As cron has it: where both the day of the month and that of the week are given, either will do.

    >>> monday = dt.date(2024, 3, 4)
    >>> runs_on("0 5 * * *", monday), runs_on("0 5 * * sun", monday), runs_on("0 5 4 * sun", monday)
    (True, False, True)
    """
    days, months, weekdays, either = _dates(expression)
    of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
    return day.month in months and (of_month or of_week if either else of_month and of_week)


@lru_cache
def _dates(expression: str) -> tuple[set[int], set[int], set[int], bool]:
    *_, days, months, weekdays = expression.split()
    on = [field.values(text) for field, text in zip(_FIELDS[2:], (days, months, weekdays), strict=True)]
    return on[0], on[1], {each % 7 for each in on[2]}, not (days.startswith("*") or weekdays.startswith("*"))
