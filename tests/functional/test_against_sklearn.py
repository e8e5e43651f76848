"""What the nights stored is what scikit-learn and scipy say about the raw files."""

import datetime as dt

import numpy as np
import pytest

FIRST = dt.date(2013, 6, 29)
LAST = dt.date(2013, 7, 5)
KNOWN = dt.date(2013, 7, 2)  # by the last night, all labels of this day are there

# day, window, version, segment: a quiet day, one whose labels are half there, both versions, small cells
SUBJECTS = [
    (FIRST, 1, "1", "*"),
    (KNOWN, 1, "2", "*"),
    (KNOWN, 7, "1", "*"),
    (KNOWN, 7, "1", "origin=JFK"),
    (KNOWN, 7, "2", "origin=EWR"),
    (KNOWN, 28, "1", "carrier=UA"),
    (KNOWN, 1, "2", "carrier=B6"),
    (LAST - dt.timedelta(days=1), 1, "1", "*"),
    (LAST - dt.timedelta(days=1), 7, "2", "*"),
    (LAST, 28, "1", "*"),
]
# Sums of millions of terms in another order; everything else is exact.
CLOSE = 1e-9


def _window(season, day, window, version, segment):
    """The raw rows of a subject."""
    rows = season.served(max(FIRST, day - dt.timedelta(days=window - 1)), day)
    rows = rows[rows["model_version"] == version]
    if segment != "*":
        column, value = segment.split("=")
        rows = rows[rows[column] == value]
    return rows


def _records(season, day, window, version, segment, *, column=""):
    found = season.place.metrics(
        days=[day], windows=[window], versions=[version], segments=[segment], columns=[column]
    )
    return {record.metric: record for record in found}


@pytest.fixture(params=SUBJECTS, ids=lambda subject: "-".join(map(str, subject)))
def subject(request, season):
    """The stored records of a subject, its raw rows, and those of them that have a label."""
    rows = _window(season, *request.param)
    labelled = rows[rows["late"].notna()]
    truth, score = labelled["late"].astype(bool).to_numpy(), labelled["score"].to_numpy()
    return _records(season, *request.param), rows, truth, labelled["predicted_late"].to_numpy(), score


def test_decisions_are_judged_as_scikit_learn_does(subject):
    from sklearn import metrics

    records, rows, truth, decision, _ = subject
    negatives, positives = metrics.confusion_matrix(truth, decision, labels=[False, True])
    expected = {
        "true_negatives": negatives[0],
        "false_positives": negatives[1],
        "false_negatives": positives[0],
        "true_positives": positives[1],
        # of no predicted positives nothing can be said; scikit-learn would say 0 and warn
        "precision": metrics.precision_score(truth, decision) if decision.any() else None,
        "recall": metrics.recall_score(truth, decision),
        "f1": metrics.f1_score(truth, decision),
        "accuracy": metrics.accuracy_score(truth, decision),
        "positive_share": truth.mean(),
        "predicted_positive_share": decision.mean(),
        "label_coverage": len(truth) / len(rows),
    }
    assert {name: records[name].value for name in expected} == pytest.approx(expected, abs=CLOSE)
    assert records["precision"].reason == ("" if decision.any() else "no predicted positives")
    assert {records[name].error for name in expected} == {0.0}
    assert records["recall"].n == truth.sum()
    assert records["precision"].n == decision.sum()
    assert records["label_coverage"].n == len(rows)
    assert records["accuracy"].n == len(truth) > 0


def test_scores_are_judged_as_scikit_learn_does(subject):
    from sklearn import metrics

    records, _, truth, _, score = subject
    assert records["log_loss"].value == pytest.approx(metrics.log_loss(truth, score), abs=CLOSE)
    assert records["brier"].value == pytest.approx(metrics.brier_score_loss(truth, score), abs=CLOSE)
    for name, reference in (
        ("roc_auc", metrics.roc_auc_score(truth, score)),
        ("pr_auc", metrics.average_precision_score(truth, score)),
    ):
        record = records[name]
        assert abs(record.value - reference) <= record.error + 1e-12, name
        assert record.error < 0.01, f"{name}: an error that wide says nothing"
        assert record.low < reference < record.high


def test_calibration_error_is_that_of_ten_equal_bins(subject):
    records, _, truth, _, score = subject
    tenth = np.minimum((score * 10).astype(int), 9)
    gaps = [
        abs(score[tenth == each].mean() - truth[tenth == each].mean()) * (tenth == each).mean()
        for each in np.unique(tenth)
    ]
    assert records["calibration_error"].value == pytest.approx(sum(gaps), abs=CLOSE)
    assert records["calibration_error"].error == 0.0


def test_every_performance_metric_is_compared(season):
    from obs_dagster.metrics.registry import family

    compared = {
        *("true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall"),
        *("f1", "accuracy", "positive_share", "predicted_positive_share", "label_coverage", "log_loss"),
        *("brier", "roc_auc", "pr_auc", "calibration_error"),
        # errors of the demo have no prices; tests/unit/tasks holds what they would cost against the rows
        "cost_per_row",
    }
    assert compared == set(family("performance", "binary_classification"))


DRIFTED = [
    (day, window, version, column)
    for day, window, version in ((FIRST, 1, "1"), (KNOWN, 7, "1"), (LAST, 28, "2"))
    for column in ("temp", "dewp", "distance", "hour", "score")
]


@pytest.mark.parametrize(("day", "window", "version", "column"), DRIFTED)
def test_numeric_drift_is_what_scipy_says_of_the_rows(season, day, window, version, column):
    from scipy import stats

    records = _records(season, day, window, version, "*", column=column)
    current = _window(season, day, window, version, "*")[column]
    baseline = season.trained_on(version)[column]
    assert records["missing_share"].value == pytest.approx(current.isna().mean(), abs=CLOSE)
    assert records["missing_drift"].value == pytest.approx(
        current.isna().mean() - baseline.isna().mean(), abs=CLOSE
    )
    baseline, current = baseline.dropna().to_numpy(float), current.dropna().to_numpy(float)
    distance = stats.wasserstein_distance(baseline, current) / baseline.std()
    for name, reference, largest in (
        ("ks", stats.ks_2samp(baseline, current).statistic, 0.01),
        ("wasserstein", distance, 0.02),
    ):
        record = records[name]
        assert record.n == len(current)
        assert abs(record.value - reference) <= record.error + CLOSE, name
        assert record.error < largest, f"{name}: an error that wide says nothing"
        assert record.low <= reference <= record.high


@pytest.mark.parametrize("column", ["origin", "carrier", "weekday"])
@pytest.mark.parametrize(("day", "window", "version"), [(FIRST, 1, "1"), (KNOWN, 7, "1"), (LAST, 28, "2")])
def test_categorical_drift_is_exact(season, day, window, version, column):
    from scipy import stats
    from scipy.spatial.distance import chebyshev, jensenshannon

    records = _records(season, day, window, version, "*", column=column)
    current = _window(season, day, window, version, "*")[column].value_counts()
    baseline = season.trained_on(version)[column].value_counts()
    values = sorted({*current.index, *baseline.index})
    table = np.array([[side.get(value, 0) for value in values] for side in (baseline, current)])
    p, q = table / table.sum(axis=1, keepdims=True)
    raised = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    expected = {
        "psi": float(((raised[1] - raised[0]) * np.log(raised[1] / raised[0])).sum()),
        "jensen_shannon": jensenshannon(p, q, base=2),
        "l_infinity": chebyshev(p, q),
        "chi_square": stats.chi2_contingency(table, correction=False).pvalue,
        "missing_share": 0.0,
    }
    assert {name: records[name].value for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_log_is_whole(season):
    """Nothing of the real log is lost on the way: no row is quarantined that the contract does not name."""
    for day in (FIRST, KNOWN, LAST):
        raw = season.served(day, day)
        found = season.place.metrics(days=[day], metrics=["volume"], windows=[1], segments=["*"])
        sound = raw[raw["wind_speed"].isna() | (raw["wind_speed"] <= 160)]
        assert {record.version: record.value for record in found} == dict(
            sound["model_version"].value_counts()
        )
