import numpy as np
import pytest

from obs_dagster.metrics.intervals import newcombe, wilson
from obs_dagster.tasks.multiclass.confused_pairs import most_confused


def test_pairs_are_those_with_the_most_rows(raw):
    rows = raw.rows(2, 1_000, 4, balance=0.6)
    outcomes = raw.outcomes(rows)
    found = most_confused(outcomes, most=3)
    label, prediction = rows.labels, rows.prediction
    counts = [
        (int(((label == one) & (prediction == other)).sum()), one, other)
        for one in rows.names
        for other in rows.names
        if one != other
    ]
    assert [each.rows for each in found] == sorted((count for count, *_ in counts), reverse=True)[:3]
    for each in found:
        assert (each.rows, each.label, each.predicted) in counts
        assert each.share == each.rows / (label == each.label).sum()
        assert each.interval == wilson(each.rows, int((label == each.label).sum()))
        assert (each.baseline, each.change, each.change_interval) == (None, None, None)


def test_pairs_are_compared_with_the_baseline(raw):
    before, now = raw.rows(2, 2_000, 3), raw.rows(3, 1_000, 3, sharpness=0.5)
    found = most_confused(raw.outcomes(now), raw.outcomes(before))
    assert len(found) == 6
    each = found[0]
    old = before.labels == each.label
    confused = old & (before.prediction == each.predicted)
    assert each.baseline == confused.sum() / old.sum()
    assert each.change == pytest.approx(each.share - each.baseline)
    assert each.change_interval == newcombe(
        each.rows, int((now.labels == each.label).sum()), int(confused.sum()), int(old.sum())
    )
    assert each.change > 0


def test_a_class_that_the_baseline_lacks_has_no_change(raw):
    before, now = raw.rows(2, 2_000, 3), raw.rows(3, 1_000, 3)
    before.label[before.label == 1] = 0
    found = most_confused(raw.outcomes(now), raw.outcomes(before))
    assert {each.change is None for each in found if each.label == "class 1"} == {True}
    assert {each.change is None for each in found if each.label != "class 1"} == {False}


def test_a_model_that_is_always_right_confuses_nothing(raw):
    rows = raw.rows(2, 100, 3)
    rows.scores = np.eye(3)[rows.label]
    assert most_confused(raw.outcomes(rows)) == ()
