"""The answer to "is it all right?": one status and one plain sentence per model version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.changes.change import Change
from obs_dagster.verdict.evidence import Evidence
from obs_dagster.verdict.headline import tells_movement
from obs_dagster.verdict.inputs import AlertLine

Status = Literal["sound", "moved", "failing", "unknown"]

_SEVERITY = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one version is doing.

    Attributes:
        status: `failing` (a rule on quality, service or data fires, or any critical one), `moved` (only rules
            on drift fire), `sound` (nothing fires and there was enough to judge by), `unknown` (there was
            not).
        reasons: why, the most important first.
        evidence: the numbers it rests on, the most telling first.
        moved: the columns that moved, in the values' own terms, the gravest first.
        others: how many alerts fire beside the one that is the first reason.
    """

    version: str
    status: Status
    reasons: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    moved: tuple[Change, ...] = ()
    others: int = 0

    @property
    def sentence(self) -> str:
        """The reasons as one sentence, without version and status."""
        return "; ".join(filter(None, [*self.reasons, self.rest]))

    @property
    def rest(self) -> str:
        """How many more alerts fire, in words; empty if none does."""
        return f"{self.others} more alert{'s' * (self.others > 1)} firing" if self.others else ""

    @property
    def text(self) -> str:
        """The verdict as one line of plain text."""
        return f"Version {self.version} — {self.status}: {self.sentence}"


def urgency(alert: AlertLine | Alert) -> tuple[int, bool, int]:
    """Sort key of alerts: the gravest first, effects before causes, the longest first."""
    return (_SEVERITY[alert.severity], tells_movement(alert.metric), -alert.nights)
