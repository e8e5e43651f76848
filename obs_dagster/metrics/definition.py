"""What a metric means: its exact definition, under an id that every record carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["quality", "drift", "performance", "service", "explanation"]


@dataclass(frozen=True, slots=True)
class Definition:
    """Documents one metric.

    Attributes:
        name: the metric's name in records, rules and reports (`psi`, `recall`).
        id: name of the exact definition and its revision (`psi/1`); changes with the formula.
        family: the stage that computes it.
        title: the name that people read ("Population stability index").
        meaning: one sentence that says what it measures.
        formula: the formula, with log base, binning, zero fill and normalisation.
        reference: the paper, or the function of a named library that gives the same number.
        interval: how the 95 % confidence interval is made.
        unit: `share`, `ms`, `rows`, … ; empty for a pure number.
        better: which direction is good; None where neither is.
        tally: whether the value counts rows; then it is known however few there are.
    """

    name: str
    id: str
    family: Family
    title: str
    meaning: str
    formula: str
    reference: str
    interval: str
    unit: str = ""
    better: Literal["higher", "lower"] | None = None
    tally: bool = False
