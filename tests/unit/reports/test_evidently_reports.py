import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from sklearn.metrics import log_loss, precision_score, recall_score, roc_auc_score

from obs_dagster.reports.drift_page import drift_report
from obs_dagster.reports.evidently import EvidentlyReport, NoReport
from obs_dagster.reports.evidently_html import data_of
from obs_dagster.reports.quality_pages.classification import classification_report
from obs_dagster.reports.quality_pages.regression import regression_report

RISKY = '</script><script>document.title="taken"</script>'


def sample(n, shift, seed):
    dice = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "temp": dice.normal(20 + shift, 5, n),
            "carrier": dice.choice(["UA", "B6", RISKY], n, p=[0.5 - shift / 20, 0.3 + shift / 20, 0.2]),
            "gone": np.nan,
            "wild": np.where(np.arange(n) % 7 == 0, np.inf, dice.normal(0, 1, n)),
        }
    )


@pytest.fixture(scope="module")
def drift():
    baseline, current = sample(1_100, 0, 1), sample(900, 3, 2)
    report = drift_report(
        baseline, current, ["temp", "wild", "gone", "absent"], ["carrier"], title="Version <1>"
    )
    return baseline, current, report


def test_the_values_of_drift_are_those_of_scipy(drift):
    baseline, current, report = drift
    expected = wasserstein_distance(baseline["temp"], current["temp"]) / np.std(baseline["temp"])
    assert report.numbers["temp"] == pytest.approx(expected, rel=1e-9)
    shares = [frame["carrier"].value_counts(normalize=True).sort_index() for frame in (baseline, current)]
    assert report.numbers["carrier"] == pytest.approx(jensenshannon(*shares), rel=1e-9)


def test_columns_without_values_are_left_out_and_named(drift):
    *_, report = drift
    assert set(report.numbers) == {"temp", "wild", "carrier"}
    assert report.left_out == {
        "gone": "no values in the baseline sample",
        "absent": "not in the baseline sample",
    }
    assert "Left out: gone (no values in the baseline sample), absent" in report.html


def test_the_page_states_its_sample_and_keeps_hostile_text_apart(drift):
    *_, report = drift
    assert "900 sampled rows against 1,100 of the baseline" in report.html
    assert "<strong>Version &lt;1&gt;</strong>" in report.html
    assert "document.title=" not in report.html
    shown = data_of(report.html)
    assert "document.title=" in shown
    assert "</script>" not in shown


def test_the_page_unfolds_into_the_counts_of_both_samples(drift):
    baseline, current, report = drift
    data = json.loads(data_of(report.html))
    table = next(each for each in data["report"]["widgets"][0]["widgets"] if each["type"] == "big_table")
    rows = {row["column_name"]: row["details"]["parts"] for row in table["params"]["data"]}
    assert {name: len(parts) for name, parts in rows.items()} == {"temp": 2, "wild": 2, "carrier": 1}
    plots = {name: data["details"][parts[-1]["id"]]["params"]["data"] for name, parts in rows.items()}
    of_baseline, _, of_day, _ = plots["carrier"]
    for frame, bars in ((baseline, of_baseline), (current, of_day)):
        assert sorted(bars["y"]) == sorted(frame["carrier"].value_counts())
    assert sum(plots["temp"][2]["y"]) == len(current)


def test_of_many_columns_those_that_moved_most_are_shown_and_the_leading_one():
    dice = np.random.default_rng(4)
    baseline = pd.DataFrame({f"c{number}": dice.normal(size=400) for number in range(8)})
    words = dice.choice(["a", "b"], 400)
    current = baseline.assign(c3=baseline["c3"] + 1, c5=baseline["c5"] * 3)
    report = drift_report(
        baseline.assign(word=words, steady=words),
        current.assign(word=np.where(words == "a", "b", "c"), steady=words),
        list(baseline),
        ["word", "steady"],
        most=4,
        leading=["c0"],
    )
    assert set(report.numbers) == {"c0", "c3", "c5", "word"}
    assert "of 10 columns the 4 that moved most" in report.html


def test_rare_categories_are_one_bar():
    baseline = pd.DataFrame({"route": [f"r{number}" for number in range(100)] * 2})
    report = drift_report(baseline, baseline[:150], [], ["route"])
    *_, plot = json.loads(data_of(report.html))["details"].values()
    counted, _, current, _ = plot["params"]["data"]
    assert counted["x"][-1] == "(others)"
    assert (sum(counted["y"]), sum(current["y"])) == (200, 150)
    assert len(counted["x"]) == 31


def test_no_common_column_gives_no_report():
    frame = pd.DataFrame({"gone": [None, None]})
    assert drift_report(frame, frame, [], ["gone"]) == NoReport("no column has values in both samples")


def predictions(n, seed):
    dice = np.random.default_rng(seed)
    score = dice.random(n)
    return pd.DataFrame(
        {"score": score, "prediction": score >= 0.3, "label": (dice.random(n) < score).astype(float)}
    )


def test_the_values_of_classification_are_those_of_scikit_learn():
    current, reference = predictions(600, 3), predictions(500, 4)
    current.loc[:49, "label"] = np.nan
    report = classification_report(current, reference, threshold=0.3)
    assert isinstance(report, EvidentlyReport)
    known = current.dropna()
    label, decision = known["label"].astype(int), known["prediction"].astype(int)
    assert report.numbers["Recall"] == pytest.approx(recall_score(label, decision))
    assert report.numbers["Precision"] == pytest.approx(precision_score(label, decision))
    assert report.numbers["RocAuc"] == pytest.approx(roc_auc_score(label, known["score"]))
    assert report.numbers["LogLoss"] == pytest.approx(log_loss(label, known["score"]))
    assert "550 sampled rows with a label, beside 500 of the baseline<" in report.html


def test_decisions_that_are_not_by_the_threshold_are_counted():
    current = predictions(300, 6)
    current.loc[:4, "prediction"] = ~current.loc[:4, "prediction"]
    report = classification_report(current, threshold=0.3)
    assert "; 5 were served another decision than score ≥ 0.3" in report.html


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (1.0, "the labels of the sample are of one class only"),
        (np.nan, "no row of the sample has a label"),
    ],
)
def test_without_both_classes_there_is_no_report(label, reason):
    current = predictions(50, 5).assign(label=label)
    assert classification_report(current, threshold=0.3) == NoReport(reason)


def bad_columns():
    dice = np.random.default_rng(5)
    return {
        "nearly constant": dice.choice([0.3, 0.1 + 0.2], 300),
        "large integers": 1e17 + 16 * dice.integers(0, 3, 300),
        "denormals": dice.choice([5e-324, 1e-323], 300),
        "huge": dice.choice([-1.7e308, 1.7e308], 300),
        "one outlier": np.where(np.arange(300) == 0, 1e300, dice.normal(size=300)),
    }


@pytest.mark.filterwarnings("ignore")
def test_columns_that_evidently_fails_on_are_left_out_and_named():
    bad = bad_columns()
    frame = pd.DataFrame(bad | {"temp": np.random.default_rng(6).normal(size=300)})
    report = drift_report(frame, frame[::-1], list(frame.columns), [])
    assert set(report.numbers) == {"temp"}
    assert set(report.left_out) == set(bad)
    assert set(report.refused) <= set(bad)
    assert all(f"{column} (" in report.html for column in bad)
    none = drift_report(frame, frame, ["nearly constant"], [])
    assert none.failed
    assert "nearly constant" in none.reason


def test_errors_of_a_regressor_are_those_of_scikit_learn():
    from sklearn import metrics

    rng = np.random.default_rng(0)
    label = 5 + rng.gamma(3.0, 8.0, 500)
    frame = pd.DataFrame({"label": label, "prediction": label + rng.normal(1, 4, 500), "minutes": "x"})
    broken = pd.DataFrame({"label": [np.nan, 1.0, np.inf], "prediction": [1.0, np.nan, 1.0]})
    report = regression_report(pd.concat([frame, broken]), frame, title="Regression <quality>")
    assert isinstance(report, EvidentlyReport)
    y, p = frame["label"], frame["prediction"]
    assert report.numbers["MAE"] == pytest.approx(metrics.mean_absolute_error(y, p))
    assert report.numbers["RMSE"] == pytest.approx(metrics.root_mean_squared_error(y, p))
    assert report.numbers["R2Score"] == pytest.approx(metrics.r2_score(y, p))
    assert report.numbers["MAPE"] == pytest.approx(100 * metrics.mean_absolute_percentage_error(y, p))
    assert report.numbers["MeanError"] == pytest.approx((p - y).mean())
    assert report.numbers["AbsMaxError"] == pytest.approx((p - y).abs().max())
    assert "500 sampled rows with a label, beside 500 of the baseline" in report.html
    assert "Regression &lt;quality&gt;" in report.html


def test_without_a_labelled_row_there_is_no_page_of_a_regressor():
    frame = pd.DataFrame({"label": [np.nan, np.inf], "prediction": [1.0, 2.0]})
    assert regression_report(frame) == NoReport("no row of the sample has a label")
    assert regression_report(pd.DataFrame({"prediction": [1.0]})) == NoReport(
        "no row of the sample has a label"
    )
