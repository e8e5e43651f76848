"""How times are written, where they don't say it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict

Unit = Literal["s", "ms", "us", "ns"]
#: What `format` may have: as `strptime` of Python, with milliseconds and nanoseconds.
DIRECTIVES = {
    "%Y": "year",
    "%y": "year",
    "%m": "month",
    "%-m": "month",
    "%b": "month",
    "%B": "month",
    "%d": "day",
    "%-d": "day",
    "%j": "day of the year",
    "%H": "hour",
    "%-H": "hour",
    "%I": "hour of twelve",
    "%-I": "hour of twelve",
    "%p": "AM or PM",
    "%M": "minute",
    "%S": "second",
    "%f": "microsecond",
    "%g": "millisecond",
    "%n": "nanosecond",
    "%z": "offset from UTC",
    "%Z": "name of the zone",
    "%a": "weekday",
    "%A": "weekday",
    "%%": "%",
}
_DIRECTIVE = re.compile("%-?.?")


class Times(Strict):
    """How times are written. Left out: ISO 8601, any timestamp type, and numbers since 1970 of any unit."""

    unit: Unit | None = Field(
        default=None,
        description="Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970. Left out: "
        "the one unit in which a number lies between 1973 and 2286.",
    )
    format: str | None = Field(
        default=None,
        min_length=1,
        description="How texts are written, as Python's `strptime` has it: `%d.%m.%Y %H:%M:%S`, `%Y%m%d`.",
    )
    zone: str | None = Field(
        default=None,
        description="The IANA time zone of times that have none; left out: UTC. Of an hour that occurs "
        "twice, where clocks go back, it is the later one.",
    )


def format_mistakes(form: str) -> Iterator[str]:
    """What is wrong with a format, as sentences."""
    parts = _DIRECTIVE.findall(form)
    for part in dict.fromkeys(parts):
        if part not in DIRECTIVES:
            yield f"{part!r} is no part of a time (legal: {', '.join(DIRECTIVES)})."
    told = {DIRECTIVES.get(part) for part in parts}
    if "year" not in told or not ({"month", "day"} <= told or "day of the year" in told):
        yield "It has no whole day: a year, a month and a day, as in `%Y-%m-%d`."
