"""What serving one version in the place of another did, out of nights of a small world."""

import pandas as pd
import pytest

from obs_dagster.evaluation.effect import effect
from obs_dagster.evaluation.effect_outcome import EffectError
from obs_dagster.evaluation.where import Period
from tests.rollout import DAY, LABELS, LAST, NIGHTS

ALL = Period(DAY, LAST)


def test_a_shadow_serves_nobody(two_versions, small_at):
    world = small_at(two_versions.root, windows=[1], labels=LABELS)
    found = effect(world.tonight, "1", "2", ALL, "label")
    assert found.shadow == NIGHTS
    assert found.reason.startswith("one version scored the requests of the other")
    assert effect(world.tonight, "1", "3", ALL, "label").reason == ""


def test_labels_that_depend_on_who_served_are_refused(small):
    world = small(windows=[1], labels=LABELS)
    world.train("1", "2")
    rows = pd.concat([world.rows(DAY, 60), world.rows(DAY, 60, version="2", seed=1)], ignore_index=True)
    world.log(DAY, rows)
    world.labels("1.parquet", rows.iloc[:100], day=DAY)
    world.night(DAY)
    found = effect(world.tonight, "1", "2", Period(DAY, DAY), "label")
    assert found.reason.startswith("100% of the rows of version 1 have a label and 67% of those of version 2")


def test_what_cannot_be_asked_says_why(two_versions, small_at):
    with pytest.raises(EffectError, match=r"Version 9 of small has no rows"):
        effect(two_versions.tonight, "1", "9", ALL, "label")
    with pytest.raises(EffectError, match="in the place of itself"):
        effect(two_versions.tonight, "1", "1", ALL, "label")
    with pytest.raises(EffectError, match="has no `labels`"):
        effect(small_at(two_versions.root, labels=None).tonight, "1", "2", ALL, "label")
