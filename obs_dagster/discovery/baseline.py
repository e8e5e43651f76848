"""What versions are compared with: their training rows where these are given, else the days before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.discovery.layout import Layout, layout_of

_HOLE = "{version}"
#: Days of a log from which a week of them may pass before the first comparison.
_WEEK, _ENOUGH = 7, 21


@dataclass(frozen=True, slots=True)
class BaselineFound:
    """The baseline that a monitor gets.

    Attributes:
        keys: as the monitor has them; a path is absolute.
        why: what speaks for it.
        sure: whether it is what was asked for.
    """

    keys: dict[str, object]
    why: str
    sure: bool = True


def baseline_of(training: str, versions: Sequence[str], days: int) -> BaselineFound:
    """The training rows of each version if their paths name it, else the rolling window.

    Args:
        training: a file, a folder or a glob; empty for none.
        versions: those in the log.
        days: how many days the log has.

    Raises:
        DiscoveryError: there are no such files.
    """
    if not training:
        return _rolling(days)
    layout = layout_of(training)
    if pattern := _pattern(layout, versions):
        source = {} if layout.source == "parquet" else {"source": layout.source}
        return BaselineFound({"kind": "training", **source, "path": pattern}, "training rows, by version")
    shown = ", ".join(versions[:3])
    why = (
        f"the path of the training rows, {layout.pattern}, names no version of the log ({shown}): put each "
        f"version's into a file or folder of its name (training/{versions[0] if versions else '1'}.csv), and "
        "write `kind: training` with `path: training/{version}.csv`"
    )
    return BaselineFound(_rolling(days).keys, why, sure=False)


def _rolling(days: int) -> BaselineFound:
    """Four weeks, and a week between them and the night where there are days enough to begin with."""
    keys: dict[str, object] = {"kind": "rolling", "days": 4 * _WEEK, "in_breach": "leave_out"}
    if days >= _ENOUGH:
        why = "each week is compared with the version's own four weeks before it"
        return BaselineFound(keys | {"gap_days": _WEEK}, why)
    why = "each night is compared with the version's own four weeks before it"
    if days > _WEEK + 1:
        return BaselineFound(keys, why)
    fewest = max(days // 2, 1)
    return BaselineFound(
        keys | {"min_days": fewest}, f"{why}, or as many days as there are, {fewest} at least"
    )


def _pattern(layout: Layout, versions: Sequence[str]) -> str:
    """The path with `{version}` where files name a version; empty if none does."""
    for file, _ in layout.files:
        for version in sorted(versions, key=len, reverse=True):
            for at in reversed(range(len(file.parts))):
                part = file.parts[at]
                found = re.sub(rf"(?<![0-9A-Za-z.]){re.escape(version)}(?![0-9A-Za-z])", _HOLE, part, count=1)
                if found != part and _HOLE in found:
                    same = [len(other.parts) == len(file.parts) for other, _ in layout.files]
                    parts = [*file.parts[:at], found, *file.parts[at + 1 :]]
                    if len(layout.files) > 1 and at < len(parts) - 1 and all(same):
                        names = {other.name for other, _ in layout.files}
                        parts[-1] = parts[-1] if len(names) == 1 else f"*{file.suffix}"
                    return "/".join(parts).replace("//", "/")
    return ""
