"""Changes of unit that are known: what they multiply by and add."""

from __future__ import annotations

from dataclasses import dataclass, replace

from obs_dagster.changes.figures import multiple
from obs_dagster.figures import MINUS, given
from obs_dagster.profile.distribution import FloatArray


@dataclass(frozen=True, slots=True)
class Conversion:
    """A change from one unit to another, or back.

    Attributes:
        by, plus: a value becomes `by` times the value and `plus`.
        units: which units these may be; empty for a power of ten, which can be many.
        back: whether it is the way back.
    """

    by: float
    plus: float = 0.0
    units: str = ""
    back: bool = False

    @property
    def factor(self) -> float:
        """What values are multiplied by."""
        return 1 / self.by if self.back else self.by

    @property
    def offset(self) -> float:
        """What is added then."""
        return -self.plus / self.by if self.back else self.plus

    def __call__(self, values: FloatArray) -> FloatArray:
        """The values in the other unit."""
        converted: FloatArray = self.factor * values + self.offset
        return converted

    @property
    def told(self) -> str:
        """The same for people.

        >>> Conversion(1000.0).told, Conversion(1.8, 32.0).told, Conversion(1.8, 32.0, back=True).told
        ('× 1000', '× 1.8 + 32', '− 32, ÷ 1.8')
        """  # noqa: RUF002 - signs as they are written
        multiplied = "" if self.by == 1 else f"{'÷' if self.back else '×'} {multiple(self.by)}"  # noqa: RUF001
        added = f"{MINUS if self.back else '+'} {given(self.plus)}" if self.plus else ""
        if self.back:
            return ", ".join(filter(None, (added, multiplied)))
        return " ".join(filter(None, (multiplied, added)))


_TENS = [Conversion(10.0**power) for power in range(1, 10)]
_OTHERS = [
    Conversion(60.0, units="minutes and seconds, or hours and minutes"),
    Conversion(24.0, units="days and hours"),
    Conversion(3600.0, units="hours and seconds"),
    Conversion(86_400.0, units="days and seconds"),
    Conversion(1.609344, units="miles and kilometres"),
    Conversion(3.28084, units="metres and feet"),
    Conversion(2.54, units="inches and centimetres"),
    Conversion(2.204623, units="kilograms and pounds"),
    Conversion(3.6, units="m/s and km/h"),
    Conversion(1.852, units="knots and km/h"),
    Conversion(1024.0, units="bytes and KiB"),
    Conversion(1024.0**2, units="bytes and MiB"),
    Conversion(1.8, 32.0, units="°C and °F"),
    Conversion(1.0, 273.15, units="°C and K"),
]

CONVERSIONS = tuple(each for there in (*_TENS, *_OTHERS) for each in (there, replace(there, back=True)))
"""All of them, in both directions, the most usual first."""
