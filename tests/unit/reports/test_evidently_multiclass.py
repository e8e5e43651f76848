import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from obs_dagster.reports.evidently import EvidentlyReport, NoReport
from obs_dagster.reports.evidently_html import data_of
from obs_dagster.reports.quality_pages.multiclass import multiclass_report

RISKY = '</script><script>document.title="taken"</script>'


@pytest.fixture
def monitor(small):
    def make(names, *, scores=True):
        columns = {"prediction_id": "id", "time": "at", "version": "model", "prediction": "served"}
        columns["scores"] = {name: f"p {name}" for name in names} if scores else None
        return small(
            task="multiclass_classification",
            logs={"source": "parquet", "path": "logs/{day}.*", "columns": columns},
            multiclass={"classes": list(names)},
        ).monitor

    return make


def sample(names, n=600, seed=1):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, len(names), n)
    logits = rng.normal(size=(n, len(names)))
    logits[np.arange(n), label] += 1.5
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    frame = pd.DataFrame({f"p {name}": scores[:, place] for place, name in enumerate(names)})
    names = np.array(names, dtype=object)
    return frame.assign(served=names[scores.argmax(axis=1)], _obs_label=names[label])


def check(report, rows):
    label, served = rows["_obs_label"], rows["served"]
    assert report.numbers["Accuracy"] == pytest.approx(accuracy_score(label, served))
    for name, function in (
        ("Precision", precision_score),
        ("Recall", recall_score),
        ("F1Score", f1_score),
    ):
        assert report.numbers[name] == pytest.approx(
            function(label, served, average="macro", zero_division=0)
        )


@pytest.mark.parametrize("scores", [True, False], ids=["scores", "no scores"])
def test_the_values_are_those_of_scikit_learn(monitor, scores):
    names = ["late", "on time", RISKY]
    rows = sample(names)
    report = multiclass_report(rows, sample(names, seed=2), monitor(names, scores=scores), title="<1>")
    assert isinstance(report, EvidentlyReport)
    check(report, rows)
    assert "600 sampled rows with a label, beside 600 of the baseline" in report.html
    assert "document.title" not in report.html
    assert "</script>" not in data_of(report.html)
    assert "<strong>&lt;1&gt;</strong>" in report.html


def test_a_label_that_nobody_declared_is_another_class(monitor):
    names = ["a", "b", "c"]
    rows = sample(names)
    rows.loc[::10, "_obs_label"] = "never seen"
    report = multiclass_report(rows, None, monitor(names), title="t")
    check(report, rows)


def test_of_many_classes_the_most_frequent_are_shown(monitor):
    names = [f"class {number}" for number in range(60)]
    rows = sample(names, 2_000)
    report = multiclass_report(rows, None, monitor(names), title="t")
    assert "the 19 most frequent classes, the others as (other)" in report.html
    assert 0 < report.numbers["Accuracy"] < 1


def test_rows_without_labels_or_of_one_class_have_no_report(monitor):
    names = ["a", "b"]
    rows = sample(names)
    none = multiclass_report(rows.assign(_obs_label=None), None, monitor(names), title="t")
    assert none == NoReport("no row of the sample has a label and a prediction")
    one = multiclass_report(rows.assign(_obs_label="a"), None, monitor(names), title="t")
    assert one == NoReport("the labels of the sample are of one class only")
    two = multiclass_report(rows, None, monitor(names), title="t")
    expected = recall_score(rows["_obs_label"], rows["served"], pos_label="b")
    assert two.numbers["Recall"] == pytest.approx(expected)
    beside = multiclass_report(rows, rows.assign(_obs_label="a"), monitor(names), title="t")
    assert "beside" not in beside.html.split("</header>")[0].split("<header")[1]
