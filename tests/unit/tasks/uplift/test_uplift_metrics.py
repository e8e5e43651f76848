"""Uplift metrics on counts, beside the definitions of scikit-uplift and CausalML on the rows."""

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.tasks.uplift.counts import Treated
from obs_dagster.tasks.uplift.sections import sections


def rows(n, seed, *, skill=1.0, by_score=False):
    """Score, treatment and label of rows whose uplift is known in part."""
    rng = np.random.default_rng(seed)
    helped = rng.normal(size=n)
    score = skill * helped + rng.normal(size=n)
    treated = rng.random(n) < (1 / (1 + np.exp(-score)) if by_score else 0.5)
    label = rng.random(n) < 0.3 + np.where(treated, np.clip(0.1 + 0.1 * helped, -0.3, 0.6), 0)
    return np.round(score, 2), treated.astype(float), label.astype(float)


def counted(score, treated, label, seed=0):
    """Counts, each score a bin of its own."""
    values, place = np.unique(score, return_inverse=True)
    return Treated.of(
        {
            "bin": place,
            "treated": treated,
            "label": label,
            "n": np.ones(len(score)),
            "score_sum": values[place],
        },
        seed,
    )


def estimates(given):
    return evaluate("performance", given, task="uplift")


def sklift_curves(score, treated, label):
    """`sklift.metrics.uplift_curve` and `qini_curve`, as they are documented."""
    order = np.argsort(-score, kind="mergesort")
    score, treated, label = score[order], treated[order], label[order]
    ends = np.r_[np.flatnonzero(np.diff(score)), len(score) - 1]
    n_t, n = np.cumsum(treated)[ends], ends + 1
    n_c = n - n_t
    y_t, y_c = np.cumsum(label * treated)[ends], np.cumsum(label * (1 - treated))[ends]

    def part(top, bottom):
        return np.divide(top, bottom, out=np.zeros_like(top), where=bottom != 0)

    gain = (part(y_t, n_t) - part(y_c, n_c)) * n
    return np.r_[0, n], np.r_[0, gain], np.r_[0, y_t - y_c * part(n_t, n_c)]


def qini_auc_score(score, treated, label):
    x, _, actual = sklift_curves(score, treated, label)
    best_x, _, best = sklift_curves(label * treated - label * (1 - treated), treated, label)
    line = x[-1] * actual[-1] / 2
    return (auc(x, actual) - line) / (auc(best_x, best) - line)


@pytest.mark.parametrize("seed", range(3))
def test_areas_are_those_of_scikit_uplift(seed):
    given = rows(3_000, seed)
    found, n = estimates(counted(*given)), 3_000
    x, gain, _ = sklift_curves(*given)
    assert found["auuc"].value == pytest.approx(auc(x, gain) / n**2)
    assert found["qini"].value == pytest.approx(qini_auc_score(*given))


def test_the_area_is_that_of_causalml():
    # auuc_score(normalize=False): the mean over rows of the cumulative lift times their number
    score, treated, label = rows(3_000, 5)
    score = score + np.random.default_rng(0).uniform(0, 1e-6, 3_000)
    order = np.argsort(-score)
    t, y = treated[order], label[order]
    n_t, n = np.cumsum(t), np.arange(1, 3_001)
    with np.errstate(invalid="ignore"):
        lift = np.cumsum(y * t) / n_t - np.cumsum(y * (1 - t)) / (n - n_t)
    gain = np.r_[0, np.nan_to_num(lift) * n]
    found = estimates(counted(score, treated, label))["auuc"].value
    assert found == pytest.approx(gain.sum() / len(gain) / 3_000, abs=2e-4)


def test_the_uplift_at_the_top_is_that_of_scikit_uplift():
    score, treated, label = rows(2_000, 1)
    score = score + np.random.default_rng(0).uniform(0, 1e-6, 2_000)
    found = estimates(counted(score, treated, label))
    for name, share in (("uplift_at_10", 0.1), ("uplift_at_30", 0.3)):
        top = np.argsort(-score)[: int(2_000 * share)]
        t, y = treated[top] == 1, label[top]
        assert found[name].value == pytest.approx(y[t].mean() - y[~t].mean())
        assert found[name].low < found[name].value < found[name].high
    t = treated == 1
    assert found["average_uplift"].value == pytest.approx(label[t].mean() - label[~t].mean())
    assert found["treated_share"].value == pytest.approx(treated.mean())


def test_a_treatment_that_follows_the_score_is_told():
    given = rows(3_000, 2, by_score=True)
    found = estimates(counted(*given))["treatment_auc"]
    assert found.value == pytest.approx(roc_auc_score(given[1], given[0]))
    assert found.low > 0.6
    drawn = estimates(counted(*rows(3_000, 2)))["treatment_auc"]
    assert drawn.low < 0.5 < drawn.high


def test_better_scores_have_larger_areas_and_reversed_ones_are_below_zero():
    score, treated, label = rows(20_000, 3)
    good = estimates(counted(score, treated, label))
    bad = estimates(counted(-score, treated, label))
    assert good["qini"].low > 0 > bad["qini"].high
    assert good["auuc"].value > good["average_uplift"].value / 2 > bad["auuc"].value
    none = estimates(counted(np.zeros(20_000), treated, label))
    assert none["qini"].value == pytest.approx(0, abs=1e-12)


def test_days_add_up():
    parts = [rows(500, seed) for seed in range(4)]
    whole = counted(*map(np.concatenate, zip(*parts, strict=True)))
    bins = np.unique(np.concatenate([part[0] for part in parts]))
    cells = [
        {"bin": np.searchsorted(bins, s), "treated": t, "label": y, "n": np.ones(500), "score_sum": s}
        for s, t, y in parts
    ]
    merged = Treated.of({name: np.concatenate([each[name] for each in cells]) for name in cells[0]}, 0)
    assert {name: each.value for name, each in estimates(merged).items()} == pytest.approx(
        {name: each.value for name, each in estimates(whole).items()}
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (([], [], []), "no labels"),
        (([0.1, 0.2], [1.0, 1.0], [0.0, 1.0]), "everybody was treated"),
        (([0.1, 0.2], [0.0, 0.0], [0.0, 1.0]), "nobody was treated"),
    ],
)
def test_what_cannot_be_known_is_a_reason(given, reason):
    found = counted(*(np.array(each, dtype=float) for each in given))
    told = estimates(found)
    for name in ("qini", "auuc", "average_uplift", "uplift_at_10", "treatment_auc"):
        assert told[name].value is None
        assert told[name].reason == reason
    assert all(curve.points == () and reason in curve.empty for curve in sections(found))


def test_labels_of_one_class_leave_nothing_to_gain():
    found = estimates(counted(np.arange(40.0), np.tile([0.0, 1.0], 20), np.zeros(40)))
    assert found["qini"].reason == "no order of the rows gains anything"
    assert found["auuc"].value == 0


def test_intervals_hold():
    drawn = [estimates(counted(*rows(2_000, seed), seed=seed)) for seed in range(100, 160)]
    large = rows(1_000_000, 0)
    truth = estimates(counted(*large))
    for name in ("auuc", "qini", "uplift_at_30", "average_uplift"):
        held = sum(each[name].low <= truth[name].value <= each[name].high for each in drawn)
        assert held >= 53


def test_what_people_see():
    qini, tenths = sections(counted(*rows(3_000, 0)))
    assert (qini.points[0].x, qini.points[0].y, qini.points[-1].x) == (0.0, 0.0, 1.0)
    assert len(tenths.points) == 10
    assert [point.x for point in tenths.points] == sorted(point.x for point in tenths.points)
    assert sum(point.n for point in tenths.points) == pytest.approx(3_000, abs=5)
