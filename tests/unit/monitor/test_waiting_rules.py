"""Rules on metrics that labels decide wait for them, unless they or the monitor say otherwise."""

import pytest

from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.waiting import with_waiting

RECALL = {"name": "lost", "metric": "recall", "below": 0.5}
MOVED = {"name": "moved", "metric": "psi", "above": 0.2}


@pytest.mark.parametrize(
    ("rule", "immature", "waits"),
    [
        (RECALL, "wait", True),
        (RECALL, "judge", False),
        (RECALL | {"settled": False}, "wait", False),
        (RECALL | {"settled": True}, "judge", True),
        (RECALL | {"metric": "estimated_recall"}, "wait", False),
        (RECALL | {"metric": "completed_recall"}, "wait", False),
        (RECALL | {"metric": "label_coverage"}, "wait", False),
        (MOVED, "wait", False),
        (
            {"name": "both", "all": [{"metric": "psi", "above": 0.2}, {"metric": "recall", "below": 1}]},
            "wait",
            True,
        ),
    ],
)
def test_which_rules_wait(season, rule, immature, waits):
    monitor = season.monitor(alerts=[rule])
    labels = monitor.labels.model_copy(update={"immature": immature})
    found = with_waiting(monitor.model_copy(update={"labels": labels}), definitions()).alerts[0]
    assert found.settled is waits
    assert {part.settled for part in found.parts} == {waits}


def test_without_labels_nothing_waits(season):
    monitor = season.monitor(alerts=[RECALL]).model_copy(update={"labels": None})
    assert with_waiting(monitor, definitions()).alerts[0].settled is False
