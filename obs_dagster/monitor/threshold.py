"""Thresholds of rules: a number, or what another value makes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PART = re.compile(
    r"(?P<percent>[0-9]+(?:\.[0-9]+)?) ?% of (?:the )?"
    r"(?:(?P<of>baseline|usual)|version (?P<version>\S.*)|(?P<days>[1-9][0-9]{0,2}) days? ago)"
)
_BAND = re.compile(r"usual ?(?P<sign>[+-]) ?(?P<spreads>[0-9]+(?:\.[0-9]+)?) spreads?")
_BUDGET = re.compile(r"(?:a )?budget(?: of (?P<rate>.+))?")
_RATE = re.compile(r"(?P<alarms>[0-9]+(?:\.[0-9]+)?) per (?P<span>year|quarter|month|week)")
_SPANS_A_YEAR = {"year": 1, "quarter": 4, "month": 12, "week": 365 / 7}
BUDGET = "budget"
"""The word that stands for a monitor's budget."""

RATES = "`1 per year`, `2 per quarter` or `1 per month`"
"""How a budget of false alarms is written."""

SPELLED = (
    "`90 % of baseline`, `50 % of usual`, `usual + 4 spreads`, `95 % of version 1`, `150 % of 7 days ago` "
    "or `budget`"
)
"""How a threshold is written that follows from another value."""

Whole = Literal["baseline", "usual", "band", "version", "ago", "budget"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a value is held against.

    Attributes:
        number: the threshold itself; or the part of another value, 1 for all of it; or how many spreads it
            lies above what is usual, negative below it; or how many false alarms a year are allowed.
        of: what it follows from: what the metric is on the baseline (`baseline`); the median of its values on
            the same weekday of the weeks before (`usual`), and how far nights lie apart (`band`); its value
            for another version on the same night (`version`) or for the same one earlier (`ago`). What
            nights of evidence must come to for a budget of false alarms (`budget`). None for a plain number.
        version: the other version.
        days: how much earlier.
    """

    number: float
    of: Whole | None = None
    version: str = ""
    days: int = 0

    @classmethod
    def of_written(cls, written: float | str) -> Threshold:
        """The threshold as a rule has it.

        >>> Threshold.of_written(0.9).number, Threshold.of_written("90 % of baseline").of
        (0.9, 'baseline')
        >>> Threshold.of_written("usual - 3.5 spreads")
        Threshold(number=-3.5, of='band', version='', days=0)
        >>> Threshold.of_written("budget of 1 per quarter").number
        4.0

        Raises:
            ValueError: it is neither a number nor written in a known way.
        """
        if not isinstance(written, str):
            return cls(float(written))
        text = written.strip()
        if band := _BAND.fullmatch(text):
            return cls(float(band["sign"] + band["spreads"]), "band")
        if budget := _BUDGET.fullmatch(text):
            return cls(alarms_a_year(budget["rate"] or "1 per year"), "budget")
        found = _PART.fullmatch(text)
        if found is None:
            raise ValueError(f"{written!r} is neither a number nor like {SPELLED}")
        part = float(found["percent"]) / 100
        if found["of"]:
            return cls(part, "baseline" if found["of"] == "baseline" else "usual")
        if found["version"]:
            return cls(part, "version", version=found["version"])
        return cls(part, "ago", days=int(found["days"]))

    @property
    def of_baseline(self) -> bool:
        """Whether it is a part of what the metric is on the baseline."""
        return self.of == "baseline"

    @property
    def whole(self) -> str:
        """What it follows from, in words; empty for a plain number.

        >>> Threshold.of_written("95 % of version 1").whole, Threshold.of_written("150 % of 1 day ago").whole
        ('version 1', 'its value 1 day ago')
        """
        match self.of:
            case None:
                return ""
            case "baseline":
                return "the baseline"
            case "version":
                return f"version {self.version}"
            case "ago":
                return f"its value {self.days} day{'s' if self.days > 1 else ''} ago"
            case _:
                return "what is usual"

    @property
    def origin(self) -> str:
        """Where the number comes from that a value is held against; empty for a plain one.

        >>> Threshold.of_written("97.5% of the baseline").origin, Threshold.of_written("50 % of usual").origin
        ('97.5 % of the baseline', '50 % of what is usual')
        >>> Threshold.of_written("usual + 4 spreads").origin
        'what is usual + 4 spreads'
        """
        if self.of == "budget":
            return f"a budget of {self.number:.3g} false alarm{'s' * (self.number != 1)} a year"
        if self.of == "band":
            return f"{self.whole} {'+' if self.number >= 0 else '-'} {abs(self.number):g} spreads"
        return f"{self.number * 100:g} % of {self.whole}" if self.of else ""


def alarms_a_year(rate: str) -> float:
    """How many alarms a year a rate allows.

    >>> alarms_a_year("1 per year"), alarms_a_year("2 per month")
    (1.0, 24.0)

    Raises:
        ValueError: it is not written as a rate, or allows none.
    """
    found = _RATE.fullmatch(rate.strip())
    if found is None or not float(found["alarms"]):
        raise ValueError(f"{rate!r} is not a budget of false alarms, such as {RATES}")
    return float(found["alarms"]) * _SPANS_A_YEAR[found["span"]]
