"""What would have had to be different for another decision."""

import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.counterfactual import counterfactual
from obs_dagster.explain.neighbours import Neighbourhood

RNG = np.random.default_rng(3)
BASELINE = pd.DataFrame(
    {
        "income": RNG.normal(30, 10, 300).round(1),
        "debt": RNG.normal(10, 5, 300).round(1),
        "noise": RNG.normal(size=300),
        "job": RNG.choice(["none", "some"], 300),
    }
)
ROW = pd.DataFrame({"income": [15.0], "debt": [18.0], "noise": [0.1], "job": ["none"]})


def predict(rows):
    """Income and a job speak for it, debt against it."""
    score = 0.2 * (rows["income"] - 25) - 0.2 * (rows["debt"] - 10) + 1.0 * (rows["job"] == "some")
    return 1 / (1 + np.exp(-score.to_numpy(dtype=float)))


def decide(scores):
    return (scores >= 0.5).astype(np.int64)


def found(**more):
    distances = Neighbourhood.of(BASELINE).distances(ROW)
    return counterfactual(predict, decide, ROW, BASELINE, distances, **more)


def test_the_changed_row_is_decided_otherwise_and_each_change_is_needed():
    other = found()
    assert (other.reason, other.decision) == ("", 1)
    changed = ROW.assign(**{each.feature: [each.other] for each in other.changes})
    assert predict(changed)[0] == pytest.approx(other.score)
    assert other.score >= 0.5
    assert "noise" not in {each.feature for each in other.changes}
    for each in other.changes:
        assert each.value == ROW[each.feature].iloc[0]
        assert each.other in set(BASELINE[each.feature])
        assert predict(changed.assign(**{each.feature: [each.value]}))[0] < 0.5


def test_what_cannot_change_stays():
    assert "income" not in {each.feature for each in found(fixed=["income"]).changes}
    refused = found(fixed=["income", "debt", "job"])
    assert refused.reason == "the decision does not change while debt, income, job stays as it is"


def test_where_everything_is_decided_alike_there_is_none():
    distances = np.zeros(len(BASELINE))
    other = counterfactual(lambda rows: np.zeros(len(rows)), decide, ROW, BASELINE, distances)
    assert other.reason == "no row of the baseline is decided otherwise"


def test_of_several_classes_it_leads_to_another_one():
    def classes(rows):
        good = predict(rows)
        return np.column_stack([1 - good, good * 0.6, good * 0.4])

    distances = Neighbourhood.of(BASELINE).distances(ROW)
    other = counterfactual(classes, lambda scores: scores.argmax(axis=1), ROW, BASELINE, distances)
    assert other.decision == 1
    changed = ROW.assign(**{each.feature: [each.other] for each in other.changes})
    assert classes(changed)[0].argmax() == 1
