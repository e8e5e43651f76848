"""Which versions and cells records are of, and the records of one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.windows import P, Window
from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import definition
from obs_dagster.profile.cells import cut_of


def subjects(windows: Sequence[Window[P]]) -> Iterator[tuple[str, list[str]]]:
    """Every version with its segment cells: those of the longest window, which is the last.

    What had rows in the longest window and has none in a shorter one gets records that say so, until the
    longest window has passed it by.
    """
    for version in windows[-1].profile.versions() if windows else ():
        yield version, windows[-1].profile.segments(version)


def unknown_of(window: Window[P], version: str, segment: str) -> str:
    """Why nothing is known of a cell: its days were refused, or lack what they are cut by; empty if it is."""
    cells = window.profile.segments(version)
    if segment in cells:
        return ""
    cut = cut_of(segment)
    if cells and cut not in map(cut_of, cells):
        return f"the log has no column {', '.join(cut)}"
    return window.refused


def records_of(
    recorder: Recorder,
    estimates: Mapping[str, Estimate],
    window: Window[P],
    reason: str,
    **subject: Any,
) -> Iterator[MetricRecord]:
    """The records of one subject for every length that the window stands for.

    Where there is a `reason` why nothing is known of the subject, no estimate has a value, and all have it.
    """
    known = {name: Estimate.missing(reason) for name in estimates} if reason else estimates
    for length in window.lengths:
        at_all = known if length == 1 else {n: each for n, each in known.items() if not _daily(n, recorder)}
        yield from recorder.records(at_all, window=length, **subject)


def _daily(metric: str, recorder: Recorder) -> bool:
    """Whether a metric is computed for single days alone."""
    return definition(metric, recorder.task).daily
