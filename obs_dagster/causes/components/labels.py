"""The feed of labels, and what they say."""

from __future__ import annotations

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Signal

COMPONENT = Component(
    name="labels",
    stage=7,
    title="labels",
    trouble="labels that are missing or of another mix",
    metrics=frozenset(
        {"label_coverage", "positive_share", "mean_target", "class_share", "unknown_label_share"}
    ),
    families=frozenset({"labels"}),
    signals=(
        Signal("label_coverage", "below", least=0.1, settled=True),
        Signal("positive_share", "both", least=0.05, settled=True),
        Signal("mean_target", "both", least=0.1, relative=True, settled=True),
    ),
)
