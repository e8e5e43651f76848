"""The outcomes of a group of people, as the metrics of fairness take them."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.fairness.groups import GroupCounts
from obs_dagster.monitor.fairness import Fairness
from obs_dagster.tasks.outcomes import Cell


def group_counts(cell: Cell, name: str, fairness: Fairness) -> GroupCounts:
    """The counts of one cell, with the favourable decision for the positive one."""
    n, label = cell["n"], cell["label"].astype(np.float64)
    known = ~np.isnan(label)
    favourable = fairness.favourable == "positive"
    decided, deserved = ((cell["decision"] > 0) == favourable), ((label > 0) == favourable)

    def rows(*, chosen: bool, deserving: bool) -> int:
        return int(n[known & (decided == chosen) & (deserved == deserving)].sum())

    return GroupCounts(
        name=name,
        rows=int(n.sum()),
        selected=int(n[decided].sum()),
        true_positives=rows(chosen=True, deserving=True),
        false_positives=rows(chosen=True, deserving=False),
        true_negatives=rows(chosen=False, deserving=False),
        false_negatives=rows(chosen=False, deserving=True),
        scored=int(n[known].sum()),
        score_sum=float(cell["score_sum"][known].sum()),
        positive=int(n[known & (label > 0)].sum()),
        squared_sum=float(cell["brier_sum"][known].sum()),
    )
