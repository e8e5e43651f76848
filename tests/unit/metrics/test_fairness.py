"""Metrics of fairness, held against fairlearn, and their intervals against simulation."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.fairness.groups import GroupCounts, Groups
from obs_dagster.metrics.registry import family


def counted(name, decided, truth, score=None):
    """A group of rows with decisions and labels."""
    score = np.full(len(decided), 0.5) if score is None else score
    return GroupCounts(
        name,
        len(decided),
        int(decided.sum()),
        int((decided & truth).sum()),
        int((decided & ~truth).sum()),
        int((~decided & ~truth).sum()),
        int((~decided & truth).sum()),
        len(decided),
        float(score.sum()),
        int(truth.sum()),
        float(((score - truth) ** 2).sum()),
    )


def judged(*groups, least=50, only=None):
    return evaluate("fairness", Groups("a", groups, least, 0), only=only)


@pytest.fixture
def people():
    """Decisions, labels, scores and groups of 3,000 people."""
    rng = np.random.default_rng(3)
    group = rng.choice(["a=x", "a=y", "a=z"], 3_000, p=[0.6, 0.3, 0.1])
    score = np.clip(rng.beta(2, 3, 3_000) + 0.08 * (group == "a=x"), 0, 1)
    truth = rng.random(3_000) < score * np.where(group == "a=z", 0.7, 1.0)
    return score > 0.45, truth, score, group


def test_they_equal_fairlearn(people):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    from sklearn.metrics import precision_score

    decided, truth, score, group = people
    found = judged(
        *(counted(name, *(of[group == name] for of in (decided, truth, score))) for name in set(group))
    )
    for name in family("fairness"):
        if hasattr(fairlearn, name):
            theirs = getattr(fairlearn, name)(truth, decided, sensitive_features=group)
            assert found[name].value == pytest.approx(theirs), name
    assert sum(hasattr(fairlearn, name) for name in family("fairness")) == 6
    frame = fairlearn.MetricFrame(
        metrics=precision_score, y_true=truth, y_pred=decided, sensitive_features=group
    )
    assert found["predictive_parity_difference"].value == pytest.approx(frame.difference())
    gaps = [abs(score[group == name].mean() - truth[group == name].mean()) for name in set(group)]
    assert found["group_calibration_gap"].value == pytest.approx(max(gaps))


@pytest.mark.parametrize(
    ("shares", "least", "most"),
    [
        ([0.3, 0.3], 0.93, 0.975),
        ([0.3, 0.4], 0.93, 0.97),
        ([0.3] * 4, 0.93, 0.97),
        ([0.05, 0.1, 0.2], 0.95, 1),
    ],
)
def test_intervals_hold_as_often_as_they_say(shares, least, most):
    rng = np.random.default_rng(0)
    names = ["demographic_parity_difference", "demographic_parity_ratio"]
    true = max(shares) - min(shares), min(shares) / max(shares)
    held = np.zeros(2)
    for _ in range(400):
        drawn = [
            GroupCounts(f"a={place}", 400, int(rng.binomial(400, each))) for place, each in enumerate(shares)
        ]
        found = judged(*drawn, only=names)
        held += [
            found[name].low - 1e-9 <= value <= found[name].high + 1e-9
            for name, value in zip(names, true, strict=True)
        ]
    assert (held / 400 >= least).all()
    assert (held / 400 <= most).all()


def test_the_gap_of_calibration_is_held_by_its_interval():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        groups = []
        for name, bias in (("a=x", 0.0), ("a=y", 0.1)):
            score = rng.uniform(0.2, 0.8, 300)
            groups.append(counted(name, score > 0.5, rng.random(300) < score - bias, score))
        found = judged(*groups)["group_calibration_gap"]
        held += found.low <= 0.1 <= found.high
    assert 0.93 <= held / 400 <= 1


def test_a_small_group_is_named_and_has_no_number():
    rows = np.arange(200) % 2 == 0
    three = counted("a=three", rows[:3], rows[:3])
    found = judged(counted("a=x", rows, rows), counted("a=y", rows[:100], rows[:100]), three)
    told = found["demographic_parity_difference"]
    assert told.value == 0
    assert told.n == 300
    assert told.reason.endswith("fewer than 50 rows: a=three")
    alone = judged(counted("a=x", rows, rows), three)["demographic_parity_ratio"]
    assert alone.value is None
    assert alone.reason == "fewer than two groups have 50 predictions; too small: a=three"


def test_a_share_of_few_deserving_rows_is_not_told():
    rows = np.arange(200) % 2 == 0
    few = np.arange(200) < 20
    found = judged(counted("a=x", rows, rows), counted("a=y", rows, few))
    assert found["demographic_parity_difference"].value == 0
    assert found["equal_opportunity_difference"].value is None
    assert "a=y" in found["equal_opportunity_difference"].reason


@pytest.mark.parametrize("sizes", [(), (0,), (1,), (60, 60), (60, 1000, 3)])
@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_there_is_a_finite_number_or_a_reason(sizes, part):
    groups = [
        counted(f"a={place}", np.arange(n) < part * n, np.arange(n) % 2 == 0) for place, n in enumerate(sizes)
    ]
    found = judged(*groups)
    assert set(found) == set(family("fairness"))
    for each in found.values():
        json.dumps(asdict(each), allow_nan=False)
        assert each.reason
        if each.value is not None:
            assert each.low <= each.value <= each.high
            assert math.isfinite(each.value)
