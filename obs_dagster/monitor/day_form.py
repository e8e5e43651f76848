"""The day in a path: `{day}` is YYYY-MM-DD, `{day:%Y}/{day:%m}` parts of it in a form of their own.

A path names a *period*: the day, the month or the year whose rows its files have; or none, where one file has
all days.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from enum import IntEnum

#: What stands for a part of a day, as `strftime` has it, and what it looks like in a path.
_PARTS = {
    "%Y": r"\d{4}",
    "%y": r"\d{2}",
    "%m": r"\d{2}",
    "%-m": r"\d{1,2}",
    "%d": r"\d{2}",
    "%-d": r"\d{1,2}",
    "%j": r"\d{3}",
}
ISO = "%Y-%m-%d"
"""The form of `{day}`."""
_PART = re.compile("%-?.?")
_DAY = re.compile(r"\{day(?::([^{}]*))?\}")


class Period(IntEnum):
    """How long the time is whose rows the files of a path have."""

    ALWAYS = 0
    YEAR = 1
    MONTH = 2
    DAY = 3


def forms(path: str) -> list[str]:
    """The forms of the day in a path, in order.

    >>> forms("logs/year={day:%Y}/{day}.csv")
    ['%Y', '%Y-%m-%d']
    """
    return [form or ISO for form in _DAY.findall(path)]


def period(path: str) -> Period:
    """What a path names of the day.

    >>> period("logs/{day}.csv").name, period("logs/{day:%Y-%m}.csv").name, period("log.csv").name
    ('DAY', 'MONTH', 'ALWAYS')
    """
    parts = {part.replace("-", "").lower() for form in forms(path) for part in _PART.findall(form)}
    if "%y" not in parts:
        return Period.ALWAYS
    if "%j" in parts or parts >= {"%m", "%d"}:
        return Period.DAY
    return Period.MONTH if "%m" in parts else Period.YEAR


def written(day: dt.date, form: str) -> str:
    """A day in a form.

    >>> written(dt.date(2024, 3, 4), "%-d.%m.%y")
    '4.03.24'
    """
    values = {
        "%Y": f"{day.year:04}",
        "%y": f"{day.year % 100:02}",
        "%m": f"{day.month:02}",
        "%-m": str(day.month),
        "%d": f"{day.day:02}",
        "%-d": str(day.day),
        "%j": f"{day.timetuple().tm_yday:03}",
    }
    return _PART.sub(lambda part: values[part[0]], form)


def shape(form: str) -> str:
    """A regular expression for what a form writes, with a group for each part."""
    place, pieces = 0, []
    for part in _PART.finditer(form):
        pieces += [re.escape(form[place : part.start()]), f"({_PARTS[part[0]]})"]
        place = part.end()
    return "".join([*pieces, re.escape(form[place:])])


def read(texts: Sequence[tuple[str, str]]) -> dt.date | None:
    """The day that texts are of, each with its form; None if they are of none, or of several.

    >>> read([("%Y", "2024"), ("%-m", "3"), ("%d", "04")])
    datetime.date(2024, 3, 4)
    """
    known: dict[str, int] = {}
    for form, text in texts:
        match = re.fullmatch(shape(form), text)
        if match is None:
            return None
        known |= {part: int(number) for part, number in zip(_PART.findall(form), match.groups(), strict=True)}
    try:
        year = known.get("%Y", 2000 + known.get("%y", 0))
        if "%j" in known:
            day = dt.date(year, 1, 1) + dt.timedelta(days=known["%j"] - 1)
        else:
            month, of_month = (known.get(f"%{part}", known.get(f"%-{part}", 0)) for part in "md")
            day = dt.date(year, month, of_month)
    except (ValueError, OverflowError):
        return None
    # two parts that tell of different days tell of none
    return day if read_as(day, texts) else None


def read_as(day: dt.date, texts: Sequence[tuple[str, str]]) -> bool:
    """Whether a day is what texts in their forms say; numbers may have zeros in front."""
    return all(
        [int(part) for part in re.findall(r"\d+", written(day, form))]
        == [int(part) for part in re.findall(r"\d+", text)]
        for form, text in texts
    )


def mistakes(path: str) -> Iterator[str]:
    """What is wrong with the day in a path, as sentences."""
    for form in forms(path):
        for part in _PART.findall(form):
            if part not in _PARTS:
                yield f"{part!r} is no part of a day here (legal: {', '.join(_PARTS)})."
        if not _PART.search(form):
            yield f"The form of {{day:{form}}} has no part of a day (legal: {', '.join(_PARTS)})."
    if forms(path) and period(path) is Period.ALWAYS:
        yield "The path names parts of a day without the year; add `{day:%Y}`."
