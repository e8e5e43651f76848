"""Models without ground truth: anomaly scores and clusters, from files to records."""

import numpy as np
import pytest


@pytest.fixture
def anomalies(small):
    """A small world without labels, whose score is any number."""

    def make(**roles):
        columns = {"prediction_id": "id", "time": "at", "version": "model", **roles}
        logs = {"source": "parquet", "path": "logs/{day}.*", "columns": columns}
        return small(task="unlabelled", logs=logs, labels=None)

    return make


def put_out(frame, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=len(frame)) * 100 - 40
    return frame.assign(score=score, cluster=rng.choice(["a", "b", "c"], len(frame)))


def night(world, day, change=lambda frame: frame):
    world.write("training/1.parquet", put_out(world.rows(day, 600, seed=7), 1))
    frame = change(put_out(world.rows(day)))
    world.log(day, frame)
    return {(r.metric, r.column, r.segment, r.window): r for r in world.night(day)}


def test_scores_and_clusters_are_watched_for_drift(anomalies, day):
    found = night(anomalies(score="score", prediction="cluster"), day)
    assert found["quarantined_share", "", "*", 1].value == 0
    for metric, column in (("psi", "score"), ("ks", "score"), ("psi", "cluster"), ("psi", "temp")):
        assert found[metric, column, "*", 1].value < 0.3
    assert found["psi", "score", "carrier=AA", 7].value is not None
    assert found["volume", "", "*", 1].value == 200
    assert not any(metric == "label_coverage" for metric, *_ in found)


def test_moved_scores_and_clusters_drift(anomalies, day):
    def moved(frame):
        return frame.assign(score=frame["score"] + 1000, cluster="new")

    found = night(anomalies(score="score", prediction="cluster"), day, moved)
    assert found["ks", "score", "*", 1].value == pytest.approx(1)
    assert found["l_infinity", "cluster", "*", 1].value == pytest.approx(1)


def test_clusters_alone_are_enough_and_lead(anomalies, day):
    found = night(anomalies(prediction="cluster"), day)
    assert found["psi", "cluster", "carrier=AA", 1].value is not None
    assert not any(column == "score" for _, column, *_ in found)


def test_infinite_and_lost_scores(anomalies, day):
    def spoiled(frame):
        frame.loc[:4, "score"] = np.inf
        frame.loc[5:7, "score"] = np.nan
        return frame

    world = anomalies(score="score")
    found = night(world, day, spoiled)
    assert found["quarantined_share", "", "*", 1].value == 8 / 200
    assert found["ks", "score", "*", 1].value is not None
