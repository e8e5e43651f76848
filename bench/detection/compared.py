"""What each tool finds of a world with its defaults, and at as few false alarms as others, as kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.detection.budgets import BUDGETS, at_budget
from bench.detection.found import Flagged, Strengths, flagged, found_on, onsets, scaled, tuned
from bench.detection.kept import Kept
from bench.detection.named import place_of
from bench.detection.ours import OURS, Signals
from bench.detection.world import AFTER, BEFORE, LEARNED

PEERS = ("evidently", "nannyml")
TUNED, EQUAL, MONTHLY = ", tuned on the nights before", ", at equal false alarms", ", at 12 a year"
"""How tools are set beside their defaults; the last two: as sensitive as so few false alarms allow."""

_DAYS_OF_YEAR = 365
_MONTHS = 12


@dataclass(frozen=True)
class Quiet:
    """What is kept of the nights of a world on which nothing happens, and how tools are set by them.

    Attributes:
        learned, before, after: our nights of the reference, those before faults, and those instead.
        peers_before, peers_after: of each peer.
    """

    learned: Signals
    before: Signals
    after: Signals
    peers_before: Mapping[str, Strengths]
    peers_after: Mapping[str, Strengths]

    @classmethod
    def of(cls, folder: Path) -> Quiet:
        """What is kept in the folder of a world."""
        learned, before, after = (Kept(folder, OURS).read(case) for case in (LEARNED, BEFORE, AFTER))
        peers = {tool: Kept(folder, tool) for tool in PEERS}
        return cls(
            learned,
            before,
            after,
            {tool: kept.read(BEFORE) for tool, kept in peers.items()},
            # of a year that was cut short, the nights that all have
            {tool: kept.read(AFTER)[: len(after)] for tool, kept in peers.items()},
        )

    @property
    def allowed(self) -> dict[str, int]:
        """How many alarms tools may have in these nights, by how they are set."""
        return {
            EQUAL: onsets([night["on"] for night in self.after]),
            MONTHLY: _MONTHS * len(self.after) // _DAYS_OF_YEAR,
        }

    def budget(self, most: int) -> float:
        """The largest budget up to which none has more alarms in the nights that count."""
        best = BUDGETS[0]
        for budget in BUDGETS:
            if onsets(self.ours(self.after, budget)) > most:
                break
            best = budget
        return best

    def ours(self, nights: Signals, budget: float, later: int = 0) -> Flagged:
        """What our rules say of nights at another budget.

        Args:
            nights: that follow the quiet ones before faults.
            budget: alarms a year.
            later: so many of the nights without a fault are between these.
        """
        return at_budget([*self.learned, *self.before, *self.after[:later]], nights, budget)

    def tuned(self, tool: str) -> dict[str, float]:
        """The lowest thresholds of a peer with which the nights before have as few alarms as ours."""
        return tuned(self.peers_before[tool], onsets([night["on"] for night in self.before]))

    def thresholds(self, tool: str, most: int) -> dict[str, float]:
        """Those times the least factor with which the nights that count have no more than so many."""
        return scaled(self.tuned(tool), self.peers_after[tool], most)


def compared(folder: Path, cases: Sequence[str], columns: int) -> dict[str, Any]:
    """What is kept in a world's folder, by tool: with its defaults, and peers with other thresholds too.

    Args:
        folder: of the world.
        cases: that count.
        columns: that are watched.
    """
    quiet = Quiet.of(folder)
    kept = {case: Kept(folder, OURS).read(case) for case in cases}
    ours = {case: [night["on"] for night in nights] for case, nights in kept.items()}
    twin = [night["on"] for night in quiet.after]
    found = {OURS: _found(ours, twin) | {"kinds": sorted({name for night in twin for name in night})}}
    for suffix, most in quiet.allowed.items():
        budget = quiet.budget(most)
        on = {case: quiet.ours(nights, budget) for case, nights in kept.items()}
        found[f"{OURS}{suffix}"] = _found(on, quiet.ours(quiet.after, budget)) | {"knob": budget}
    for tool in PEERS:
        seen = {case: Kept(folder, tool).read(case) for case in cases}
        thresholds = {suffix: quiet.thresholds(tool, most) for suffix, most in quiet.allowed.items()}
        for suffix, chosen in ({"": None, TUNED: quiet.tuned(tool)} | thresholds).items():
            on = {case: flagged(each, chosen) for case, each in seen.items()}
            found[f"{tool}{suffix}"] = _found(on, flagged(quiet.peers_after[tool], chosen))
    return {"tools": found, "columns": columns, "nights": len(twin), "allowed": quiet.allowed}


def named_causes(
    folder: Path, cases: Sequence[str], behind: Mapping[str, Sequence[Sequence[str]]]
) -> dict[str, int | None]:
    """At which place incidents name what was done, of the cases that our defaults find; None: at none.

    Args:
        folder: of the world.
        cases: that count.
        behind: what may be named, of the cases that have a cause in the log.
    """
    kept, found = Kept(folder, OURS), {}
    twin = kept.read(AFTER)
    for case in (each for each in cases if each in behind):
        nights = kept.read(case)
        night = found_on([each["on"] for each in nights], [each["on"] for each in twin])
        if night is not None:
            signals = set(nights[night - 1]["on"]) - set(twin[night - 1]["on"])
            found[case] = place_of(behind[case], nights[night - 1]["named"], signals)
    return found


def _found(cases: Mapping[str, Flagged], twin: Flagged) -> dict[str, Any]:
    """On which night each case was found, and by what; how many signals came on in nights without a fault."""
    nights, by = {}, {}
    for case, each in cases.items():
        nights[case] = night = found_on(each, twin)
        if night is not None:
            by[case] = sorted(set(each[night - 1]) - set(twin[night - 1]))
    return {"found": nights, "by": by, "alarms": onsets(twin)}
