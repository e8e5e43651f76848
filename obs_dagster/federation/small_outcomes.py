"""Outcomes without what they say of few rows.

The rows of a decision and a label are put together along the score, so that nothing but the place of a few
rows on it changes. Outcomes of other tasks than binary classification have no such line, and are not sent
where small counts are not: a place in a confusion matrix, or a bin of errors, would be known from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from obs_dagster.federation.points import grouped
from obs_dagster.federation.small_cells import Cell, without_cells
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.outcomes import OutcomeTable

_AROUND = ["version", "segment", "decision", "label"]
_ENDS = ("score_min", "score_max")


def can_be_made_small(kind: OutcomeTable) -> bool:
    """Whether outcomes can be put together along a line, as those of binary classifiers can."""
    return {"bin", *_AROUND} == {*kind.keys}


def without_small_outcomes(
    outcomes: pa.Table, kind: OutcomeTable, least: int, hidden: Iterable[Cell]
) -> tuple[pa.Table, int]:
    """Outcomes of one day that say nothing of fewer than `least` rows, and the rows that are in none of them.

    Args:
        outcomes: rows of the schema of `kind`, whose counts can be put together along a line.
        kind: what the task counts.
        least: rows.
        hidden: cells that are left out.
    """
    kept = without_cells(outcomes, hidden)
    rows = kept.sort_by([(name, "ascending") for name in (*_AROUND, "bin")]).to_pylist()
    found: list[dict[str, Any]] = []
    for _, members in groupby(rows, key=lambda row: [row[name] for name in _AROUND[:2]]):
        found += _cell(list(members), least)
    left_out = sum(kept["n"].to_pylist()) - sum(row["n"] for row in found)
    return merge_rows(pa.Table.from_pylist(found, kind.schema), kind.keys, kind.added), left_out


def _cell(rows: Sequence[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    """The outcomes of a cell.

    A number of true positives below `least` would be what the others lack of all rows. So where one of the
    four is small, no label of the cell is told. Few decisions without a label count as the other one.
    """
    labelled = [row for row in rows if row["label"] is not None]
    sizes: Counter[tuple[bool, bool]] = Counter()
    for row in labelled:
        sizes[row["decision"], row["label"]] += row["n"]
    if any(n < least for n in sizes.values()):
        rows, labelled = [row | _unlabelled(row) for row in rows], []
    waiting = [row for row in rows if row["label"] is None]
    decisions: Counter[bool] = Counter()
    for row in waiting:
        decisions[row["decision"]] += row["n"]
    if decisions and min(decisions.values()) < least:
        waiting = [row | {"decision": decisions.most_common(1)[0][0]} for row in waiting]
    groups: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for row in [*labelled, *waiting]:
        groups.setdefault((row["decision"], row["label"]), []).append(row)
    return [row for members in groups.values() for row in _along(members, least)]


def _along(rows: list[dict[str, Any]], least: int) -> list[dict[str, Any]]:
    if _sum(rows) < least:
        return []
    ordered = sorted(rows, key=lambda row: -1 if row["bin"] is None else row["bin"])
    groups = grouped(np.array([row["n"] for row in ordered], dtype=np.int64), least)
    found = []
    for number in range(int(groups[-1]) + 1):
        members = [row for row, group in zip(ordered, groups, strict=True) if group == number]
        most = max(members, key=lambda row: int(row["n"]))
        sums = {
            name: sum(row[name] or 0.0 for row in members)
            if any(row[name] is not None for row in members)
            else None
            for name in most
            if name.endswith(("_sum", "_sq"))
        }
        alone = len(members) == 1 and most["score_min"] == most["score_max"]
        ends = {} if alone else dict.fromkeys(_ENDS)
        found.append(most | sums | {"n": _sum(members)} | ends)
    return found


def _unlabelled(row: dict[str, Any]) -> dict[str, Any]:
    """What a row of outcomes says without its label."""
    return {"label": None} | {name: None for name in row if name.endswith(("_sum", "_sq")) or name in _ENDS}


def _sum(rows: Iterable[dict[str, Any]]) -> int:
    return sum(int(row["n"]) for row in rows)
