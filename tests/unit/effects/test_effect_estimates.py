"""Effects of a roll-out, where they are known: closed forms, other libraries, and worlds that are drawn."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import ttest_1samp

from bench.effect import WORLDS, measured
from obs_dagster.effects import learners
from obs_dagster.effects.benefit import by_segment
from obs_dagster.effects.by_day import weighted_mean
from obs_dagster.effects.estimate import estimated, raw_difference, robust_scores, too_few
from obs_dagster.effects.learners import Task, crossfitted, day_level, linear
from obs_dagster.effects.overlap import overlap
from obs_dagster.effects.rows import FOLDS


@pytest.fixture(scope="module")
def confounded():
    """Rows of which the second version got the easier ones, and what is estimated of them."""
    rows = WORLDS["features"].rows(0, 600)
    return rows, estimated(rows, 0)


def test_a_measured_confounder_is_evened_out(confounded):
    _, found = confounded
    truth = WORLDS["features"].truth()
    assert found.refused == ""
    assert found.effect.low < truth < found.effect.high
    assert found.raw.low > truth
    assert not found.overlap.at_random
    assert found.means[1].value - found.means[0].value == pytest.approx(found.effect.value)


@pytest.mark.parametrize("world", ["random", "curved"])
def test_in_many_worlds_it_is_right_on_average_and_holds(world):
    found = measured(WORLDS[world], range(12), rows=150)
    assert found.refused == 0
    assert abs(found.off.mean()) < 3 * found.off.std(ddof=1) / np.sqrt(12) + 0.002
    assert found.held >= 10


def test_routing_that_a_feature_decides_is_refused():
    found = estimated(WORLDS["apart"].rows(0), 0)
    assert found.effect is None
    assert "hardly a row could have got either version" in found.refused
    assert by_segment(found) == {}


def test_random_routing_looks_random():
    rows = WORLDS["random"].rows(3)
    seen = overlap(rows, rows.folds(3), 3)
    assert seen.at_random
    assert seen.outside < 0.02
    assert min(seen.effective) > 0.9 * min(rows.treated.sum(), (~rows.treated).sum())


def test_the_score_is_the_closed_form_where_the_means_say_nothing(confounded):
    # without means it is the inverse propensity weighted difference (Horvitz and Thompson)
    rows, _ = confounded
    chance = np.full(rows.n, 0.4)
    zero, one = robust_scores(rows, chance, np.zeros(rows.n), np.zeros(rows.n))
    served = rows.treated
    assert one.mean() == pytest.approx((rows.outcome[served] / 0.4).sum() / rows.n)
    assert zero.mean() == pytest.approx((rows.outcome[~served] / 0.6).sum() / rows.n)


def test_either_the_chances_or_the_means_may_be_wrong():
    rng = np.random.default_rng(0)
    rows = WORLDS["features"].rows(1, 2_000)
    truth = WORLDS["features"].truth()
    wrong = np.full(rows.n, 0.5)
    right_chance = crossfitted(
        Task(rows.covariates, rows.treated.astype(float), rows.treated.astype(float), binary=True),
        rows.folds(0),
        np.ones(rows.n, dtype=bool),
        lambda taught: day_level(rows.treated.astype(float), rows.day, taught, binary=True, prior=1.0),
        0,
    ).chance
    zero, one = robust_scores(rows, right_chance, wrong + 0.2, wrong - 0.2)
    assert (one - zero).mean() == pytest.approx(truth, abs=0.03)
    fair = [
        linear(Task(rows.covariates[side], rows.outcome[side], np.zeros(side.sum()), binary=True), 0)(
            rows.covariates
        )
        for side in (~rows.treated, rows.treated)
    ]
    zero, one = robust_scores(rows, np.clip(wrong + rng.normal(0, 0.1, rows.n), 0.2, 0.8), *map(expit, fair))
    assert (one - zero).mean() == pytest.approx(truth, abs=0.03)


def test_a_linear_model_is_that_of_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    x, level = rng.normal(size=(800, 3)), rng.normal(0, 0.5, 800)
    y = (rng.random(800) < expit(level + x @ [0.5, -0.2, 0.0] - 0.3)).astype(float)
    added = linear(Task(x, y, level, binary=True), 0)(x)
    model = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), offset=level)
    scaled = learners.RIDGE / x.std(axis=0) ** -2
    # the ridge is on standardised slopes; Newton's optimum has no gradient
    fitted = model.fit()
    assert added == pytest.approx(sm.add_constant(x) @ fitted.params, abs=0.02)
    assert np.all(scaled > 0)
    numbers = level + x @ [1.0, 2.0, 0.0] + rng.normal(size=800)
    added = linear(Task(x, numbers, level, binary=False), 0)(x)
    ordinary = sm.OLS(numbers - level, sm.add_constant(x)).fit()
    assert added == pytest.approx(sm.add_constant(x) @ ordinary.params, abs=0.02)


def test_rows_that_are_parted_have_slopes_that_end():
    x = np.linspace(-1, 1, 50)[:, None]
    said = linear(Task(x, (x[:, 0] > 0).astype(float), np.zeros(50), binary=True), 0)(x)
    assert np.isfinite(said).all()


def test_days_alike_in_size_have_the_interval_of_a_t_test():
    rng = np.random.default_rng(0)
    of_day = rng.normal(0.1, 1, 14)
    found = weighted_mean(of_day * 50, np.full(14, 50.0))
    tested = ttest_1samp(of_day, 0)
    low, high = tested.confidence_interval()
    assert (found.value, found.low, found.high) == pytest.approx((of_day.mean(), low, high))
    assert found.p_value == pytest.approx(tested.pvalue)


def test_a_row_that_stands_for_many_counts_for_them():
    rows = WORLDS["random"].rows(0)
    chosen = ~rows.treated & (np.arange(rows.n) % 2 == 0)
    kept = rows.of(rows.treated | chosen)
    kept.weight[~kept.treated] = 2.0
    few, many = estimated(kept, 0), estimated(rows, 0)
    assert few.effect.value == pytest.approx(many.effect.value, abs=0.02)
    # half of the first version's rows are there, and chances are still those of the log
    assert np.average(few.overlap.chance, weights=kept.weight) == pytest.approx(rows.treated.mean(), abs=0.02)


def test_what_is_too_little_says_so():
    rows = WORLDS["random"].rows(0)
    assert too_few(rows) == ""
    assert too_few(rows.of(rows.day < 3)) == "both versions have labelled rows on 3 days; 7 are needed"
    few = rows.treated & (np.arange(rows.n) % 50 > 0)
    assert too_few(rows.of(~few)).endswith("labelled rows on these days; 100 are needed")
    same = rows.of(rows.outcome == 0)
    assert too_few(same) == "all rows have the same outcome"


def test_days_of_one_version_alone_are_left_out():
    rows = WORLDS["random"].rows(0)
    alone = rows.of(rows.treated | (rows.day > 2))
    assert set(alone.side_by_side().day) == set(range(3, 14))
    assert rows.side_by_side().n == rows.n


def test_folds_have_as_many_of_each_day_and_version():
    rows = WORLDS["ramp"].rows(0)
    fold = rows.folds(1)
    for day in range(3):
        for side in (False, True):
            counts = np.bincount(fold[(rows.day == day) & (rows.treated == side)], minlength=FOLDS)
            assert counts.max() - counts.min() <= 1


def test_who_benefits_is_told_apart(confounded):
    rows, found = confounded
    segments = by_segment(found)
    assert set(segments) == set(rows.segments)
    assert segments["segment=b"].effect.value > segments["segment=c"].effect.value
    assert all(each.q_value >= each.effect.p_value for each in segments.values())
    few = rows.of(np.ones(rows.n, dtype=bool))
    few.segments["rare"] = np.arange(rows.n) < 40
    rare = by_segment(estimated(few, 0))["rare"]
    assert rare.effect is None
    assert "50 on 7 are needed" in rare.reason


def test_the_same_rows_and_seed_give_the_same(confounded):
    rows, found = confounded
    again = estimated(rows, 0)
    assert again.effect == found.effect
    assert raw_difference(rows) == found.raw
