"""Retention: nothing goes that is needed to evaluate a day whose rows are still there."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import windows
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


def rows_are_kept_no_longer_than_what_they_need(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`retention.labels` is at least `logs`, and `retention.profiles` that and the longest window."""
    logs = _days(document, "logs")
    rolling = document.value("baseline", "days")
    longest = max([*windows(document), *([rolling] if type(rolling) is int else [])], default=1)
    for key, more, why in (
        ("labels", 0, "without labels"),
        ("profiles", longest, f"without days of its windows or baseline, of which the longest has {longest}"),
    ):
        kept = _days(document, key)
        if kept is None:
            continue
        if logs is None:
            message = (
                f"Rows are kept for ever, so a day could be evaluated again {why}; set `retention.logs`."
            )
            yield document.problem(("retention", key), message)
        elif kept < logs + more:
            message = (
                f"Rows are kept {logs} days, so a day could be evaluated again {why}; keep {key} at least "
                f"{logs + more} days."
            )
            yield document.problem(("retention", key), message)


def _days(document: Document, key: str) -> int | None:
    value = document.value("retention", key)
    return value if type(value) is int else None
