"""Days of a multiclass log through ingestion, contract and evaluation: every form of scores, and bad rows."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, log_loss

from obs_dagster.quality.validated import day_quality

CLASSES = ["late", "on time", "very late"]


@pytest.fixture
def world(small, day):
    """Makes a model with training data, labels of one day, and the scores in a form."""

    def make(form="columns", *, prediction=False, **changes):
        columns = {"prediction_id": "id", "time": "at", "version": "model"}
        mapped = {name: f"p {name}" for name in CLASSES}
        columns["scores"] = {"columns": mapped, None: None}.get(form, "scores")
        columns["prediction"] = "served" if prediction else None
        made = small(
            task="multiclass_classification",
            logs={"source": changes.pop("source", "parquet"), "path": "logs/{day}.*", "columns": columns},
            labels={
                "source": "parquet",
                "path": "labels/*",
                "columns": {"prediction_id": "id", "label": "kind", "known_at": "known_at"},
            },
            multiclass={"classes": CLASSES},
            **changes,
        )
        training, label = rows(dt.date(2024, 1, 1), form, prediction=prediction)
        made.write("training/1.parquet", training.assign(kind=label))
        return made

    return make


def rows(day, form="columns", *, prediction=False, n=400, text=False):
    rng = np.random.default_rng(day.toordinal())
    label = rng.integers(0, 3, n)
    logits = rng.normal(size=(n, 3))
    logits[np.arange(n), label] += 1.5
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    frame = pd.DataFrame(
        {
            "id": [f"{day}-{number}" for number in range(n)],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(n), "s"),
            "model": "1",
            "temp": rng.normal(10, 5, n),
            "hour": rng.integers(0, 24, n),
            "carrier": rng.choice(["AA", "UA", "B6"], n),
        }
    )
    named = [dict(zip(CLASSES, row, strict=True)) for row in scores.tolist()]
    match form:
        case "columns":
            frame = frame.assign(**{f"p {name}": scores[:, place] for place, name in enumerate(CLASSES)})
        case "list":
            frame["scores"] = list(map(json.dumps, scores.tolist())) if text else scores.tolist()
        case "struct":
            frame["scores"] = list(map(json.dumps, named)) if text else named
    if prediction:
        frame["served"] = np.array(CLASSES)[scores.argmax(axis=1)]
    return frame, np.array(CLASSES, dtype=object)[label]


def night(world, day, frame, label, *, kind="parquet"):
    world.log(day, frame, kind=kind)
    known = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
    world.write("labels/a.parquet", pd.DataFrame({"id": frame["id"], "kind": label, "known_at": known}))
    found = world.night(day)
    return {
        (record.metric, record.column): record
        for record in found
        if record.segment == "*" and record.window == 1
    }


def quality(world, day):
    return day_quality(world.monitor, day, world.lake)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("columns", "parquet"),
        ("list", "parquet"),
        ("struct", "parquet"),
        ("list", "jsonl"),
        ("struct", "jsonl"),
        ("list", "csv"),
        ("columns", "csv"),
    ],
)
def test_scores_of_every_form_are_evaluated_alike(world, day, form, kind):
    frame, label = rows(day, form, text=kind == "csv")
    place = world(form, source=kind)
    found = night(place, day, frame, label, kind=kind)
    plain, _ = rows(day)
    scores = plain[[f"p {name}" for name in CLASSES]].to_numpy()
    chosen = np.array(CLASSES)[scores.argmax(axis=1)]
    assert quality(place, day).quarantined == 0
    assert quality(place, day).schema_changes == []
    assert found["macro_f1", ""].value == pytest.approx(f1_score(label, chosen, average="macro"))
    places = np.searchsorted(CLASSES, list(label))
    assert found["log_loss", ""].value == pytest.approx(log_loss(places, scores), rel=1e-6)
    assert found["class_recall", "late"].value == pytest.approx((chosen == "late")[label == "late"].mean())
    column = "p late" if form == "columns" else "scores[late]"
    assert found["ks", column].value is not None
    assert found["psi", "prediction"].value is not None


def test_predictions_without_scores_are_evaluated(world, day):
    frame, label = rows(day, None, prediction=True)
    place = world(None, prediction=True)
    found = night(place, day, frame, label)
    expected = f1_score(label, frame["served"], average="macro")
    assert found["macro_f1", ""].value == pytest.approx(expected)
    assert ("log_loss", "") not in found
    assert ("class_roc_auc", "late") not in found


def test_rows_whose_scores_break_the_contract_are_quarantined(world, day):
    frame, label = rows(day, prediction=True)
    frame.loc[0, "p late"] += 0.01
    frame.loc[1, "p late"] += 0.0005
    frame.loc[2, ["p late", "p on time", "p very late"]] = [1.2, -0.1, -0.1]
    frame.loc[3, "p late"] = np.nan
    frame.loc[4, "served"] = "cancelled"
    frame.loc[5, "p late"] = np.inf
    place = world(prediction=True)
    found = night(place, day, frame, label)
    broken = quality(place, day).broken_rules
    assert broken["the scores do not sum to 1 within 0.001"] == 2
    assert broken["p late is not between 0 and 1"] == 2
    assert broken["p late is missing"] == 1
    assert broken["served is none of the 3 declared classes"] == 1
    assert quality(place, day).quarantined == 5
    assert found["accuracy", ""].n == 395


def test_the_tolerance_of_sums_is_the_monitors(world, day):
    frame, label = rows(day)
    for name in CLASSES:
        frame[f"p {name}"] = frame[f"p {name}"].round(1)
    place = world(quality={"max_quarantined_share": 1.0})
    night(place, day, frame, label)
    assert quality(place, day).quarantined > 0
    place.changes["multiclass"] = {"classes": CLASSES, "tolerance": 0.2}
    night(place, day, frame, label)
    assert quality(place, day).quarantined == 0


def test_a_list_of_another_length_breaks_the_contract(world, day):
    frame, label = rows(day, "list")
    frame["scores"] = [[0.5, 0.5], *frame["scores"][1:]]
    place = world("list")
    night(place, day, frame, label)
    assert quality(place, day).quarantined == 1
    assert "scores[late] is missing" in quality(place, day).broken_rules


def test_a_log_that_lost_its_scores_is_refused_with_the_column(world, day):
    frame, label = rows(day, "list")
    place = world("list")
    found = night(place, day, frame.drop(columns="scores"), label)
    assert not quality(place, day).evaluated
    assert "the log has no column scores" in quality(place, day).reason
    assert [change["kind"] for change in quality(place, day).schema_changes] == ["missing"]
    assert not {
        name for (name, _), record in found.items() if record.value is not None and record.version == "1"
    }


def test_a_class_that_was_never_seen_is_counted(world, day):
    frame, label = rows(day)
    label[:40] = "diverted"
    found = night(world(), day, frame, label)
    assert found["unknown_label_share", ""].value == 0.1
    assert found["accuracy", ""].n == 400
    assert ("class_recall", "diverted") not in found


def test_a_class_without_labels_has_a_reason_and_is_in_no_average(world, day):
    frame, label = rows(day)
    label[label == "late"] = "on time"
    found = night(world(), day, frame, label)
    assert found["classes_without_labels", ""].value == 1
    assert found["class_recall", "late"].reason == "no labels of the class"
    assert found["class_precision", "late"].value == 0
    assert found["macro_recall", ""].value > 0.3


def test_labels_of_numbers_are_the_classes_of_their_names(world, day):
    frame, label = rows(day)
    codes = np.searchsorted(CLASSES, list(label))
    place = world()
    columns = place.changes["logs"]["columns"]
    columns["scores"] = {str(place): f"p {name}" for place, name in enumerate(CLASSES)}
    place.changes["multiclass"] = {}
    found = night(place, day, frame, codes.astype(float))
    assert found["unknown_label_share", ""].value == 0
    assert found["accuracy", ""].value > 0.5


def test_rules_may_be_relative_to_the_baseline(world, day):
    place = world(
        alerts=[
            {"name": "worse", "metric": "macro_f1", "below": "90 % of baseline"},
            {"name": "blind", "metric": "class_recall", "below": "90 % of baseline", "classes": ["late"]},
        ]
    )
    frame, label = rows(day)
    place.log(day, frame)
    known = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
    place.write("labels/a.parquet", pd.DataFrame({"id": frame["id"], "kind": label, "known_at": known}))
    found = [record for record in place.night(day) if record.window == 0 and record.segment == "*"]
    training, truth = rows(dt.date(2024, 1, 1))
    scores = training[[f"p {name}" for name in CLASSES]].to_numpy()
    chosen = np.array(CLASSES)[scores.argmax(axis=1)]
    values = {(record.metric, record.column): record.value for record in found}
    assert values["macro_f1", ""] == pytest.approx(f1_score(truth, chosen, average="macro"))
    assert values["class_recall", "late"] == pytest.approx((chosen == "late")[truth == "late"].mean())
