"""The metrics of binary classifiers that are ratios of counts: changes and versions are told by them."""

from __future__ import annotations

from collections.abc import Mapping

from obs_dagster.tasks.ratio import Ratio

RATIOS: Mapping[str, Ratio] = {
    "recall": Ratio(((0, 0), (0, 1)), ((0, 1), (0, 1))),
    "precision": Ratio(((0, 0), (0, 1)), ((0, 0), (1, 1))),
    "accuracy": Ratio(((1, 0), (0, 1)), ((1, 1), (1, 1))),
    "f1": Ratio(((0, 0), (0, 2)), ((0, 1), (1, 2))),
    "positive_share": Ratio(((0, 1), (0, 1)), ((1, 1), (1, 1))),
    "predicted_positive_share": Ratio(((0, 0), (1, 1)), ((1, 1), (1, 1))),
}
