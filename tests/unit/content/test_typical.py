"""Rows that are looked at: the nearest to the baseline and the furthest from it."""

import numpy as np
import pandas as pd
import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.typical import typical_rows
from obs_dagster.quality.day import validate_day
from obs_dagster.reports.content import content_sections
from obs_dagster.sources.ingest import ingest_logs
from tests.unit.content.content_rows import DIMENSION, keys, png, sound


def told(root, small_at, day, **text):
    world = small_at(
        root,
        features={
            "comment": {"type": "text", **text},
            "vector": keys("embedding"),
            "photo": keys("image"),
        },
        segments=[],
        labels=None,
    )

    def frame(n, seed):
        rows = world.rows(day, n, seed=seed)
        towards = np.eye(DIMENSION)[0] * 5
        vectors = np.random.default_rng(seed).normal(towards, 1, (n, DIMENSION))
        return rows.assign(
            comment=sound("text", n, seed),
            vector=pd.Series(vectors.tolist(), dtype=object),
            photo=[png(np.full((200, 100, 3), 40, np.uint8))] * n,
        )

    world.write("training/1.parquet", frame(400, 1))
    log = frame(100, 2)
    vectors = log["vector"].tolist()
    vectors[17] = (-5 * np.eye(DIMENSION)[0]).tolist()
    log["vector"] = pd.Series(vectors, dtype=object)
    log.loc[17, "comment"] = "<b>quarantine</b> of something unheard " * 20
    world.log(day, log)
    ingest_logs(world.monitor, day, world.lake)
    validate_day(world.monitor, day, world.lake)
    prepare_baseline(world.monitor, world.lake)
    return log, typical_rows(world.monitor, day, world.lake, most=2)


@pytest.fixture(scope="module")
def shown(tmp_path_factory, small_at, day):
    """A day's log, and those of its rows that are shown."""
    return told(tmp_path_factory.mktemp("typical"), small_at, day)


def test_the_row_that_is_least_like_the_baseline_comes_first(shown):
    log, found = shown
    for descriptor in ("vector_distance", "comment_unknown_share"):
        far = [each for each in found if each.descriptor == descriptor and each.far]
        near = [each for each in found if each.descriptor == descriptor and not each.far]
        assert (len(far), len(near)) == (2, 2)
        assert far[0].prediction_id == log["id"][17]
        assert far[0].distance > far[1].distance >= near[1].distance >= near[0].distance
    assert far[0].texts["comment"].startswith("<b>quarantine</b> of")
    assert len(far[0].texts["comment"]) == 240
    assert far[0].pictures["photo"].startswith("data:image/png;base64,")


def test_personal_texts_are_not_shown(tmp_path, small_at, day):
    _, found = told(tmp_path, small_at, day, pii=True)
    assert {each.descriptor for each in found} == {"vector_distance"}
    assert not any(each.texts for each in found)


def test_pages_have_a_gallery_of_each_kind(shown):
    sections = content_sections(shown[1])["1"]
    assert [each.title for each in sections] == [
        "comment: least like the baseline",
        "comment: most like the baseline",
        "vector: least like the baseline",
        "vector: most like the baseline",
    ]
    assert all(len(each.items) == 2 for each in sections)
