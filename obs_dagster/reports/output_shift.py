"""How far the mean output is from the baseline's, and which features that is from, in words."""

from __future__ import annotations

import datetime as dt

from obs_dagster.figures import signed
from obs_dagster.monitor.model import Monitor
from obs_dagster.verdict.record_index import RecordIndex
from obs_dagster.verdict.wording import interval

_NAMED = 4
"""Features that are named of those that moved the mean output."""


def shift_in_words(index: RecordIndex, version: str, window: int, day: dt.date) -> str:
    """What made the mean output move, in a sentence: features add up to it; empty if nothing is known."""
    whole = index.at(day, "output_shift", version, window)
    if whole is None or whole.value is None:
        return ""
    told = f"{signed(whole.value)} {interval('output_shift', whole.low, whole.high)}".strip()
    parts = [
        record
        for column in index.columns("shap_shift", version, window)
        if (record := index.at(day, "shap_shift", version, window, column=column)) is not None
        and record.value is not None
        and record.low is not None
        and record.high is not None
        and (record.low > 0 or record.high < 0)
    ]
    parts.sort(key=lambda each: -abs(each.value or 0.0))
    features = ", ".join(f"{each.column} {signed(each.value or 0.0)}" for each in parts[:_NAMED])
    more = len(parts) - _NAMED
    features += f" and {more} more" if more > 0 else ""
    return f"Mean output beside the baseline's: {told}" + (f", of which {features}." if features else ".")


def latest_shift(index: RecordIndex, monitor: Monitor, version: str, day: dt.date) -> str:
    """The same of the last day up to one that was explained, in the shortest window."""
    for window in sorted(monitor.windows):
        series = index.series("output_shift", version, window)
        known = [at for at, record in series.items() if at <= day and record.value is not None]
        if known:
            return shift_in_words(index, version, window, max(known))
    return ""
