"""Thresholds of rules: a number, or a part of what the metric is on the baseline."""

from __future__ import annotations

import re
from dataclasses import dataclass

_OF_BASELINE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?% of (?:the )?baseline")
SPELLED = "`90 % of baseline`"
"""How a threshold is written that is a part of the baseline's value."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a value is held against.

    Attributes:
        number: the threshold itself, or the part of the baseline's value, 1 for all of it.
        of_baseline: which of the two.
    """

    number: float
    of_baseline: bool = False

    @classmethod
    def of(cls, written: float | str) -> Threshold:
        """The threshold as a rule has it.

        >>> Threshold.of(0.9), Threshold.of("90 % of baseline")
        (Threshold(number=0.9, of_baseline=False), Threshold(number=0.9, of_baseline=True))

        Raises:
            ValueError: it is neither a number nor so much per cent of the baseline.
        """
        if not isinstance(written, str):
            return cls(float(written))
        found = _OF_BASELINE.fullmatch(written.strip())
        if found is None:
            raise ValueError(f"{written!r} is neither a number nor like {SPELLED}")
        return cls(float(found[1]) / 100, of_baseline=True)

    @property
    def origin(self) -> str:
        """Where the number comes from that a value is held against; empty for a plain one.

        >>> Threshold.of("97.5% of the baseline").origin
        '97.5 % of the baseline'
        """
        return f"{self.number * 100:g} % of the baseline" if self.of_baseline else ""
