"""Thresholds of rules: a number, a part of what the metric is on the baseline, or of what it usually is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?% of (?:the )?(baseline|usual)")
SPELLED = "`90 % of baseline` or `50 % of usual`"
"""How a threshold is written that is a part of another value."""

Whole = Literal["baseline", "usual"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a value is held against.

    Attributes:
        number: the threshold itself, or the part of another value, 1 for all of it.
        of: the value that it is a part of: the metric's on the baseline, or the median of its values on the
            same weekday of the weeks before; None for a plain number.
    """

    number: float
    of: Whole | None = None

    @classmethod
    def of_written(cls, written: float | str) -> Threshold:
        """The threshold as a rule has it.

        >>> Threshold.of_written(0.9), Threshold.of_written("90 % of baseline")
        (Threshold(number=0.9, of=None), Threshold(number=0.9, of='baseline'))

        Raises:
            ValueError: it is neither a number nor so much per cent of the baseline or of what is usual.
        """
        if not isinstance(written, str):
            return cls(float(written))
        found = _PART.fullmatch(written.strip())
        if found is None:
            raise ValueError(f"{written!r} is neither a number nor like {SPELLED}")
        return cls(float(found[1]) / 100, cast("Whole", found[2]))

    @property
    def of_baseline(self) -> bool:
        """Whether it is a part of what the metric is on the baseline."""
        return self.of == "baseline"

    @property
    def origin(self) -> str:
        """Where the number comes from that a value is held against; empty for a plain one.

        >>> Threshold.of_written("97.5% of the baseline").origin, Threshold.of_written("50 % of usual").origin
        ('97.5 % of the baseline', '50 % of what is usual')
        """
        whole = {"baseline": "the baseline", "usual": "what is usual", None: ""}[self.of]
        return f"{self.number * 100:g} % of {whole}" if whole else ""
