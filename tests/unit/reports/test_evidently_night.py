import numpy as np
import pytest

from obs_dagster.reports.evidently import NoReport
from obs_dagster.reports.evidently_night import evidently_pages
from obs_dagster.reports.quality_pages import classification


def test_a_log_may_have_columns_that_are_called_label_or_score(small, day):
    world = small(
        logs={
            "source": "parquet",
            "path": "logs/{day}.*",
            "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "p_late"},
        }
    )
    rows = world.rows(day)
    world.train("1")
    training = world.rows(day, 600, seed=7).rename(columns={"score": "p_late"})
    world.write("training/1.parquet", training)
    # what the application wrote beside, under names that the report uses
    logged = rows.rename(columns={"score": "p_late"}).assign(label="seen", score="high", prediction_note="x")
    world.log(day, logged)
    world.labels("a.parquet", rows, day=day)
    world.night(day)
    pages = evidently_pages(world.monitor, day, "1", world.lake)
    assert pages.remarks == []
    assert set(pages.html) == {"evidently_drift.html", "evidently_classification.html"}


@pytest.mark.parametrize("values", [(0, 1), ("yes", "no"), (1, -1)])
def test_the_labels_of_training_rows_are_classes(small, day, monkeypatch, values):
    yes, no = values
    seen = []
    monkeypatch.setattr(
        classification, "classification_report", lambda *args, **_: seen.append(args) or NoReport("")
    )
    labels = {
        "source": "parquet",
        "path": "labels/*",
        "columns": {"prediction_id": "id", "label": "late"},
        "positive": yes,
    }
    world = small(labels=labels)
    training = world.rows(day, 600, seed=7)
    world.write("training/1.parquet", training.assign(late=np.where(training["score"] > 0.5, yes, no)))
    rows = world.rows(day)
    world.log(day, rows)
    world.labels("a.parquet", rows, day=day, late=np.where(rows["score"] > 0.5, yes, no))
    world.night(day)
    assert evidently_pages(world.monitor, day, "1", world.lake).remarks == []
    for frame in seen[0]:
        assert ((frame["score"] > 0.5) == (frame["label"] == 1)).all()


def test_a_page_that_fails_leaves_the_other_and_a_remark(small, day, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("no such thing\n  at all")

    monkeypatch.setattr(classification, "classification_report", fail)
    world = small()
    world.train("1")
    rows = world.rows(day)
    world.log(day, rows)
    world.labels("a.parquet", rows, day=day)
    world.night(day)
    pages = evidently_pages(world.monitor, day, "1", world.lake)
    assert set(pages.html) == {"evidently_drift.html"}
    assert pages.remarks == [
        "Evidently's classification page could not be made (RuntimeError: no such thing)"
    ]
