"""The day in a path: where it stands, and in which form."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

#: Where days of a log lie.
_YEARS = range(1970, 2101)
_YEAR, _MONTH, _DAY = r"(?P<Y>\d{4})", r"(?P<m>\d{2})", r"(?P<d>\d{2})"
#: Parts of folders: a regular expression for each, and what a monitor writes in place of its number.
_HIVE = (
    (re.compile(r"(?P<name>year|yyyy|y)=(?P<Y>\d{4})"), "%Y"),
    (re.compile(r"(?P<name>month|mm|mon|m)=(?P<m>\d{1,2})"), "%m"),
    (re.compile(r"(?P<name>day|dd|d)=(?P<d>\d{1,2})"), "%d"),
)
_PLAIN = (
    (re.compile(r"(?P<Y>\d{4})"), "%Y"),
    (re.compile(r"(?P<m>\d{2})"), "%m"),
    (re.compile(r"(?P<d>\d{2})"), "%d"),
)
#: A day, or a month, within one name; the first that fits is it.
_WITHIN = (
    (re.compile(rf"(?<!\d){_YEAR}-{_MONTH}-{_DAY}(?!\d)"), "{day}"),
    (re.compile(rf"(?<!\d){_YEAR}_{_MONTH}_{_DAY}(?!\d)"), "{day:%Y_%m_%d}"),
    (re.compile(rf"(?<!\d){_YEAR}\.{_MONTH}\.{_DAY}(?!\d)"), "{day:%Y.%m.%d}"),
    (re.compile(rf"(?<!\d){_YEAR}{_MONTH}{_DAY}(?!\d)"), "{day:%Y%m%d}"),
    (re.compile(rf"(?<!\d){_YEAR}-{_MONTH}(?![-\d])"), "{day:%Y-%m}"),
    (re.compile(rf"(?<!\d){_YEAR}_{_MONTH}(?![_\d])"), "{day:%Y_%m}"),
)


@dataclass(frozen=True, slots=True)
class PathDay:
    """A path without its day.

    Attributes:
        shape: its parts, with a placeholder in place of the day or of parts of it.
        day: the day; of a month that a path names, the first.
    """

    shape: tuple[str, ...]
    day: dt.date | None = None


def path_day(parts: tuple[str, ...]) -> PathDay:
    """The day in the parts of a path: a day in one name, or folders for year, month and day.

    >>> path_day(("logs", "day=2024-03-01", "a.csv")).shape
    ('logs', 'day={day}', 'a.csv')
    >>> path_day(("logs", "year=2024", "month=3", "day=1", "a.csv")).shape
    ('logs', 'year={day:%Y}', 'month={day:%-m}', 'day={day:%-d}', 'a.csv')
    >>> path_day(("2024", "03", "01.csv")).day, path_day(("x1", "20240301.csv")).day
    (datetime.date(2024, 3, 1), datetime.date(2024, 3, 1))
    """
    # the innermost says it: folders above may be called after other days
    for at in reversed(range(len(parts))):
        for pattern, form in _WITHIN:
            for match in reversed(list(pattern.finditer(parts[at]))):
                if day := _date(match["Y"], match["m"], match.groupdict().get("d", "01")):
                    written = parts[at][: match.start()] + form + parts[at][match.end() :]
                    return PathDay((*parts[:at], written, *parts[at + 1 :]), day)
    return _of_folders(parts) or PathDay(parts)


def _of_folders(parts: tuple[str, ...]) -> PathDay | None:
    """Folders for parts of a day, one below the other; the last may be the beginning of the file's name."""
    for kinds in (_HIVE, _PLAIN):
        for length in (3, 2):
            for at in reversed(range(len(parts) - length + 1)):
                if found := _matched(parts, at, kinds[:length]):
                    return found
    return None


def _matched(
    parts: tuple[str, ...], at: int, kinds: tuple[tuple[re.Pattern[str], str], ...]
) -> PathDay | None:
    texts: dict[str, str] = {"d": "01"}
    shape = list(parts)
    for offset, (pattern, form) in enumerate(kinds):
        part = parts[at + offset]
        stem, dot, rest = part.partition(".")
        match = pattern.fullmatch(stem if at + offset == len(parts) - 1 else part)
        if match is None:
            return None
        key = form[-1]
        texts[key] = match[key]
        short = form.replace("%", "%-") if len(match[key]) == 1 else form
        begin, end = match.span(key)
        shape[at + offset] = stem[:begin] + f"{{day:{short}}}" + stem[end:] + dot + rest
    day = _date(texts["Y"], texts["m"], texts["d"])
    return PathDay(tuple(shape), day) if day else None


def _date(year: str, month: str, day: str) -> dt.date | None:
    try:
        found = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year in _YEARS else None
