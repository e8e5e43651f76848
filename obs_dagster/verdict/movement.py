"""Whether a version's inputs have moved: which have, which have not, and of which it is not known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.metrics.drift.psi import MOVED as MOVED_PSI
from obs_dagster.metrics.record import NO_BASELINE, MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import headline_window
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import covered, listing

MOVED_MISSING = 0.1
"""From here on so many more or fewer values are missing that the rest does not stand for the column."""

_EVIDENCE = "drift_evidence"

_NAMED = 5
"""Features that are named for a reason; the rest is counted."""

_NOT_MEASURED = "they were not measured"
_TOO_FEW = "they have too few rows to tell"
_TOO_COARSE = "their values were counted too coarsely to tell"

_SHORT = {
    "no values": "without values",
    "no values in the baseline": "without values in the baseline",
    _NOT_MEASURED: "not measured",
    _TOO_FEW: "with too few rows to tell",
    _TOO_COARSE: "with values that were counted too coarsely to tell",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """How the features of a version stand against its baseline.

    Attributes:
        day, window: what is compared: `window` days ending on `day`.
        days: how many of these days have rows of the version.
        features: how many there are.
        moved: PSI of the features whose whole interval lies beyond `MOVED_PSI`, the most moved first.
        missing: change of the missing share of the features of which it lies beyond `MOVED_MISSING`.
        unknown: per feature that could not be compared, why.
        by_evidence: per feature that is only known not to differ by more than days do, why not how far: a
            rule watches the evidence of its days.
        owed: how many days a baseline still needs, and how to get them; empty if it has them, or never will.
    """

    day: dt.date
    window: int
    days: int
    features: int
    moved: Sequence[MetricRecord]
    missing: Sequence[MetricRecord]
    unknown: Mapping[str, str] = field(default_factory=dict)
    by_evidence: Mapping[str, str] = field(default_factory=dict)
    owed: str = ""

    @property
    def covers(self) -> str:
        """The days that are compared."""
        return covered(self.window, self.day, self.days)

    @property
    def known(self) -> bool:
        """Whether every feature was compared."""
        return not self.unknown

    @property
    def gap(self) -> str:
        """Which features could not be compared, and why; empty if all could."""
        if not self.unknown:
            return ""
        whole = len(self.unknown) == self.features
        if whole and self.owed:
            return f"whether its inputs have moved is not known: {self.owed}"
        reasons = set(self.unknown.values())
        if whole and len(reasons) == 1 and next(iter(reasons)).startswith(NO_BASELINE):
            return f"whether its inputs have moved is not known: it has {next(iter(reasons))}"
        count = f"{len(self.unknown)} of {self.features} features"
        return f"{count} could not be compared {self.covers}: {_by_reason(self.unknown)}"

    @property
    def watched(self) -> str:
        """Of which features it is not known how far they have moved; empty if it is of all."""
        if not self.by_evidence:
            return ""
        return f"watched by the evidence of their days alone: {_by_reason(self.by_evidence)}"


def movement(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> Movement:
    """How the features of a version stand over the headline window that ends on a day."""
    window = headline_window(monitor)
    moved, missing = list[MetricRecord](), list[MetricRecord]()
    unknown, by_evidence = dict[str, str](), dict[str, str]()
    for column in monitor.features:
        psi = index.at(day, "psi", version, window, column=column)
        change = index.at(day, "missing_drift", version, window, column=column)
        if psi is None or psi.value is None:
            unknown[column] = _NOT_MEASURED if psi is None else psi.reason or _NOT_MEASURED
        elif _open(psi):
            known = by_evidence if _has_evidence(monitor, index, version, day, column) else unknown
            known[column] = _TOO_COARSE if _open_by_counting(psi) else _TOO_FEW
        elif (psi.value if psi.low is None else psi.low) > MOVED_PSI:
            moved.append(psi)
        if change is not None and _missing_moved(change):
            missing.append(change)
    moved.sort(key=lambda record: -(record.value or 0.0))
    missing.sort(key=lambda record: -abs(record.value or 0.0))
    owed = _owed(monitor, index, version, day) if len(unknown) == len(monitor.features) else ""
    days = index.days_with_rows(version, day, window)
    return Movement(day, window, days, len(monitor.features), moved, missing, unknown, by_evidence, owed)


def _has_evidence(monitor: Monitor, index: RecordIndex, version: str, day: dt.date, column: str) -> bool:
    """Whether a rule watches how surely a feature differs by more than days do, and that is known."""
    rules = (rule for rule in monitor.alerts if rule.watches_version(version) and WHOLE in rule.segments)
    parts = (part for rule in rules for part in rule.parts if part.metric == _EVIDENCE)
    if not any(part.watches_column(column) for part in parts):
        return False
    found = index.at(day, _EVIDENCE, version, 1, column=column)
    return found is not None and found.value is not None


def _open(psi: MetricRecord) -> bool:
    """Whether the interval holds anything from no change to ten times what counts as one."""
    if psi.low is None or psi.high is None:
        return False
    return psi.low <= MOVED_PSI and psi.high >= 10 * MOVED_PSI


def _open_by_counting(psi: MetricRecord) -> bool:
    """Whether that is for how values were counted, and not for how few there are."""
    return psi.high is not None and psi.high - psi.error < 10 * MOVED_PSI


def _missing_moved(change: MetricRecord) -> bool:
    if change.value is None:
        return False
    low = change.value if change.low is None else change.low
    high = change.value if change.high is None else change.high
    return low > MOVED_MISSING or high < -MOVED_MISSING


def _owed(monitor: Monitor, index: RecordIndex, version: str, day: dt.date) -> str:
    """What a version without a baseline is waiting for, if its kind of baseline has one later."""
    evaluated = {each: versions for each, versions in index.versions_by_day.items() if each <= day}
    seen = [each for each, versions in evaluated.items() if version in versions]
    return baseline_of(monitor).owed(monitor, seen, evaluated.keys(), day)


def _by_reason(unknown: Mapping[str, str]) -> str:
    """Features together with those of the same reason.

    >>> _by_reason({"a": "the log has no column a", "b": "no values", "c": "no values"})
    'a not in the log; b and c without values'
    """
    groups: dict[str, list[str]] = {}
    for column, reason in unknown.items():
        told, name = _short(column, reason)
        groups.setdefault(told, []).append(name)
    parts = []
    for told, names in groups.items():
        more = len(names) - _NAMED
        shown = [*names[:_NAMED], *([f"{more} more"] if more > 0 else [])]
        parts.append(f"{listing(shown)} {told}")
    return "; ".join(parts)


def _short(column: str, reason: str) -> tuple[str, str]:
    """The reason without the column's name, and how the column is named with it."""
    absent, _, instead = reason.partition("; ")
    if absent == f"the log has no column {column}":
        return "not in the log", f"{column} ({instead.replace('it has', 'there is')})" if instead else column
    return _SHORT.get(reason, f"({reason})"), column
