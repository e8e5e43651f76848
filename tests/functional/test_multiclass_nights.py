"""Whole nights of a model with sixty classes: what they stored is what scikit-learn says of the raw rows."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

FIRST = dt.date(2024, 3, 4)
DAYS = [FIRST + dt.timedelta(days=number) for number in range(4)]
LAST = DAYS[-1]
CLASSES = [f"class {number:02d}" for number in range(60)]
#: A class that no label names, and one of the labels that nobody declared.
WITHOUT_LABELS, NEVER_SEEN = CLASSES[57], "class 99"
ROWS = 3_000
CLOSE = 1e-9
FUNCTIONS = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
MONITOR = """
model: sixty
task: multiclass_classification
start: 2024-03-04
end: 2024-03-07
logs:
  source: parquet
  path: ${{OBS_HOME}}/logs/{{day}}.parquet
  columns:
    prediction_id: id
    time: at
    version: model
    scores: {scores}
    {prediction}
labels:
  source: parquet
  path: ${{OBS_HOME}}/labels/*.parquet
  columns: {{ prediction_id: id, label: kind, known_at: known_at }}
  max_delay_days: 3
  immature: judge
multiclass:
  classes: [{classes}]
features:
  temp: {{ type: number }}
  wind: {{ type: number }}
  carrier: {{ type: category }}
segments: [carrier]
baseline: {{ kind: training, path: "${{OBS_HOME}}/training/{{version}}.parquet" }}
windows: [1, 7]
alerts:
  - name: weak_classes
    metric: class_recall
    below: 0.99
    window: 7
    min_rows: 1
    classes: ["class 00", "class 01"]
  - {{ name: unknown_labels, metric: unknown_label_share, above: 0, severity: critical }}
  - {{ name: no_labels, metric: classes_without_labels, above: 0, window: 7 }}
  - {{ name: moved, metric: psi, above: 0.1, columns: [prediction] }}
"""


def rows_of(day, n=ROWS, *, shift=0.0):
    """Rows of a day: features that tell the class with noise, and scores that are softmax of both."""
    rng, classes = np.random.default_rng(day.toordinal()), len(CLASSES)
    share = 0.96 ** np.arange(classes)
    share[CLASSES.index(WITHOUT_LABELS)] = 0
    label = rng.choice(classes, n, p=share / share.sum())
    logits = rng.normal(size=(n, classes)) + np.log(np.maximum(share, 0.01))
    logits[np.arange(n), label] += 3.0 - shift
    scores = np.exp(logits)
    scores /= scores.sum(axis=1, keepdims=True)
    frame = pd.DataFrame(
        {
            "id": [f"{day}-{number}" for number in range(n)],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(n), "s"),
            "model": "1",
            "temp": label + rng.normal(0, 2, n),
            "wind": rng.normal(10, 3, n),
            "carrier": rng.choice(["AA", "UA", "B6"], n),
        }
    )
    return frame, scores, np.array(CLASSES, dtype=object)[label]


def served(scores):
    return np.array(CLASSES, dtype=object)[scores.argmax(axis=1)]


def write(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path)


def prepare(home, *, form="columns", prediction=True):
    """Logs, labels and training data of the days; the scores in columns, a list or a struct."""
    labels = []
    for day in [FIRST - dt.timedelta(days=1), *DAYS]:
        frame, scores, label = rows_of(day, shift=1.0 if day == LAST else 0.0)
        match form:
            case "columns":
                columns = {f"p {name}": scores[:, place] for place, name in enumerate(CLASSES)}
                frame = pd.concat([frame, pd.DataFrame(columns)], axis=1)
            case "list":
                frame["scores"] = list(scores)
            case "struct":
                frame["scores"] = [dict(zip(CLASSES, row, strict=True)) for row in scores.tolist()]
        if prediction:
            frame["prediction"] = served(scores)
        if day < FIRST:
            write(home / "training" / "1.parquet", frame.assign(kind=label))
            continue
        write(home / "logs" / f"{day}.parquet", frame)
        label = label.copy()
        label[::50] = NEVER_SEEN
        known = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
        labels.append(pd.DataFrame({"id": frame["id"], "kind": label, "known_at": known}).iloc[: -ROWS // 10])
    write(home / "labels" / "all.parquet", pd.concat(labels))


def monitor_text(*, form="columns", prediction=True):
    scores = ", ".join(f'"{name}": "p {name}"' for name in CLASSES)
    return MONITOR.format(
        scores=f"{{ {scores} }}" if form == "columns" else "scores" if form else "null",
        prediction="prediction: prediction" if prediction else "",
        classes=", ".join(f'"{name}"' for name in CLASSES),
    )


def truth(days):
    """The labelled raw rows of days: the number of the label's class, 60 for one never seen, and scores."""
    parts = []
    for day in days:
        _, scores, label = rows_of(day, shift=1.0 if day == LAST else 0.0)
        label[::50] = NEVER_SEEN
        parts.append((label[: -ROWS // 10], scores[: -ROWS // 10]))
    return np.concatenate([label for label, _ in parts]), np.concatenate([score for _, score in parts])


@pytest.fixture(scope="module")
def sixty(place_at, tmp_path_factory):
    """The four nights of the model in one run. To be read only."""
    place = place_at(tmp_path_factory.mktemp("sixty"), "sixty", monitor_text())
    prepare(place.home)
    run = place.run(FIRST, LAST)
    assert run.failures == ()
    return place


def records(place, day, window, *, segment="*", column=""):
    found = place.metrics(days=[day], windows=[window], segments=[segment], columns=[column], versions=["1"])
    return {record.metric: record for record in found}


SUBJECTS = [(FIRST, 1), (LAST, 1), (LAST, 7)]


@pytest.fixture(params=SUBJECTS, ids=["first", "last", "week"])
def subject(request, sixty):
    day, window = request.param
    days = DAYS if window > 1 else [day]
    label, scores = truth(days)
    return sixty, day, window, label, scores


def test_every_metric_of_the_model_is_that_of_scikit_learn(subject):
    place, day, window, label, scores = subject
    found = records(place, day, window)
    prediction = served(scores)
    present = [name for name in CLASSES if name in set(label)]
    places = np.array([CLASSES.index(name) if name in CLASSES else 60 for name in label])
    all_scores = np.column_stack([scores, np.zeros(len(scores))])
    expected = {
        "accuracy": sk.accuracy_score(label, prediction),
        "balanced_accuracy": sk.recall_score(label, prediction, labels=present, average="macro"),
        "cohen_kappa": sk.cohen_kappa_score(label, prediction),
        "mcc": sk.matthews_corrcoef(label, prediction),
        "log_loss": sk.log_loss(places, all_scores, labels=np.arange(61)),
        "brier": sk.brier_score_loss(places, all_scores, labels=np.arange(61), scale_by_half=False),
        "unknown_label_share": np.mean(label == NEVER_SEEN),
        "classes_without_labels": 60 - len(present),
        "label_coverage": 0.9,
    }
    for measure, function in FUNCTIONS.items():
        for average in ("macro", "micro", "weighted"):
            expected[f"{average}_{measure}"] = function(
                label,
                prediction,
                labels=CLASSES if average == "micro" else present,
                average=average,
                zero_division=0,
            )
    for k in (2, 3, 5):
        ranked = np.column_stack([scores, np.full(len(scores), -1.0)])
        expected[f"top_{k}_accuracy"] = sk.top_k_accuracy_score(places, ranked, k=k, labels=np.arange(61))
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=CLOSE)
    for name in expected:
        record = found[name]
        assert record.error == 0
        assert name == "classes_without_labels" or record.low <= record.value <= record.high
    for curve, function in (("roc_auc", sk.roc_auc_score), ("pr_auc", sk.average_precision_score)):
        areas = [function(label == name, scores[:, CLASSES.index(name)]) for name in present]
        weights = [np.sum(label == name) for name in present]
        for average, exact in (
            ("macro", np.mean(areas)),
            ("weighted", np.average(areas, weights=weights)),
        ):
            record = found[f"{average}_{curve}"]
            assert abs(record.value - exact) <= record.error + 1e-12
            assert record.error < 0.01
        for name, exact in zip(present, areas, strict=True):
            record = records(place, day, window, column=name)[f"class_{curve}"]
            assert abs(record.value - exact) <= record.error + 1e-12
            assert record.low <= exact <= record.high


def test_every_metric_of_a_class_is_that_of_scikit_learn(subject):
    place, day, window, label, scores = subject
    prediction = served(scores)
    each = {
        f"class_{name}": function(label, prediction, labels=CLASSES, average=None, zero_division=np.nan)
        for name, function in FUNCTIONS.items()
    }
    for number, name in enumerate(CLASSES):
        found = records(place, day, window, column=name)
        expected = {metric: values[number] for metric, values in each.items()}
        expected |= {
            "class_share": np.mean(label == name),
            "class_predicted_share": np.mean(prediction == name),
        }
        for metric, value in expected.items():
            if np.isnan(value):
                assert (found[metric].value, bool(found[metric].reason)) == (None, True)
            else:
                assert found[metric].value == pytest.approx(value, abs=CLOSE), (metric, name)


def test_of_labels_that_are_not_complete_the_bounds_are_told(sixty):
    found = records(sixty, LAST, 7)["completed_accuracy"]
    assert found.value is None
    # labels of the first day alone are complete
    assert found.reason.startswith("labels are complete on 1 day")
    low, high = (float(end) for end in found.reason.split("between ")[1].split(",")[0].split(" and "))
    label, prediction = [], []
    for day in DAYS:
        _, scores, known = rows_of(day, shift=1.0 if day == LAST else 0.0)
        known[::50] = NEVER_SEEN
        label.append(known)
        prediction.append(served(scores))
    assert low <= np.mean(np.concatenate(label) == np.concatenate(prediction)) <= high
    assert high - low < 0.11
    with pytest.raises(KeyError):
        records(sixty, FIRST, 1)["completed_accuracy"]


def test_segments_have_metrics_of_the_model_but_not_of_classes(sixty):
    frames = [rows_of(day, shift=1.0 if day == LAST else 0.0)[0] for day in DAYS]
    carrier = np.concatenate([frame["carrier"].to_numpy()[: -ROWS // 10] for frame in frames])
    label, scores = truth(DAYS)
    mine = carrier == "UA"
    found = records(sixty, LAST, 7, segment="carrier=UA")
    prediction = served(scores)
    assert found["accuracy"].value == pytest.approx(sk.accuracy_score(label[mine], prediction[mine]))
    assert found["macro_f1"].n == mine.sum()
    assert not [
        record
        for record in sixty.metrics(days=[LAST], segments=["carrier=UA"])
        if record.metric.startswith("class_")
    ]


def test_scores_and_predictions_have_drift(sixty):
    moved = records(sixty, LAST, 1, column="prediction")
    assert moved["psi"].value is not None
    assert moved["chi_square"].value is not None
    for name in CLASSES[:3]:
        quiet, shifted = (records(sixty, day, 1, column=f"p {name}")["ks"] for day in (FIRST, LAST))
        assert quiet.value < shifted.value
        assert shifted.low > 0
    assert records(sixty, LAST, 1, segment="carrier=UA", column="prediction")["psi"].value is not None


def test_rules_watch_classes(sixty):
    firing = {(row["rule"], row["column"]) for row in sixty.rows("alerts") if row["state"] == "firing"}
    assert ("unknown_labels", "") in firing
    assert ("no_labels", "") in firing
    assert {column for rule, column in firing if rule == "weak_classes"} == {"class 00", "class 01"}


def test_the_health_page_shows_what_was_confused(sixty):
    from obs_dagster.reports.gather import gather
    from obs_dagster.reports.health.page import render_health

    with sixty.history() as history:
        now = dt.datetime(2024, 3, 8, tzinfo=dt.UTC)
        page = render_health(gather(sixty.monitor, history, LAST, now=now, lake=sixty.lake))
    for heading in ("Confusion matrix", "Worst classes", "Most confused pairs", "Baseline"):
        assert heading in page
    assert "1 declared class without labels" in page
    label, scores = truth(DAYS)
    pairs = pd.DataFrame({"label": label, "prediction": served(scores)})
    wrong = pairs[pairs["label"] != pairs["prediction"]].value_counts()
    assert f"{wrong.iloc[0]:,}" in page
    assert NEVER_SEEN not in page
