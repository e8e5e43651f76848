"""Changes that are looked for by themselves: the mean rank of numbers, and the share of each value."""

import numpy as np
import pytest
from scipy.stats import binom, norm, rankdata, ranksums

from obs_dagster.evidence.directions import EachValue, MeanRank
from obs_dagster.evidence.variation import variation_of

TENTHS = np.full(10, 0.1)


def test_the_mean_rank_is_that_of_wilcoxon_against_a_large_baseline():
    random = np.random.default_rng(1)
    baseline = random.multinomial(2_000_000, TENTHS)
    day = random.multinomial(1_000, np.linspace(0.09, 0.11, 10))
    found = MeanRank.of(baseline / baseline.sum()).residuals(day, baseline / baseline.sum())
    values = [np.repeat(np.arange(10), counts) for counts in (day, baseline // 100)]
    ranks = rankdata(np.concatenate(values))
    # scipy does not correct for ties; the variance of mid-ranks does
    ties = np.sqrt(ranks.var() / ((len(ranks) ** 2 - 1) / 12))
    assert found[0] == pytest.approx(ranksums(*values).statistic / ties, rel=0.05)


def test_scores_have_the_mean_0_and_the_variance_1():
    shares = np.random.default_rng(2).dirichlet(np.ones(7), size=5)
    scores = MeanRank.of(shares).scores
    assert (shares * scores).sum(axis=-1) == pytest.approx(np.zeros(5), abs=1e-12)
    assert (shares * scores**2).sum(axis=-1) == pytest.approx(np.ones(5))
    assert (MeanRank.of(np.array([0.0, 1.0, 0.0])).scores == 0).all()


def test_the_share_of_a_value_is_as_far_off_as_the_binomial_distribution_has_it():
    shares, rows = np.array([0.6, 0.37, 0.03]), 1_000
    counts = np.array([585, 365, 50])
    found = EachValue.of(shares, np.array(1_000.0)).residuals(counts, shares)
    for each, count, share in zip(found, counts, shares, strict=True):
        tail = binom.cdf(count, rows, share) if count < rows * share else binom.sf(count - 1, rows, share)
        assert abs(each) == pytest.approx(-norm.ppf(tail), abs=0.15)
        assert np.sign(each) == np.sign(count - rows * share)


def test_values_of_few_rows_are_not_looked_at_by_themselves():
    shares = np.array([0.996, 0.004])
    few = EachValue.of(shares, np.array(1_000.0))
    assert few.number == 1
    assert few.residuals(np.array([900, 100]), shares)[1] == 0


def test_numbers_that_are_a_little_larger_are_told_sooner_than_by_the_sum_over_all_bins():
    """By a seventh of a standard deviation, of 200 columns and four nights each."""
    random = np.random.default_rng(3)
    shifted = np.diff([0.0, *norm.cdf(norm.ppf(np.arange(1, 10) / 10) - 1 / 7), 1.0])
    known = random.multinomial(1_000, TENTHS, size=(200, 28))
    days = random.multinomial(1_000, shifted, size=(4, 200))
    directed, plain = (variation_of(known, ordered).p_values(days) for ordered in (True, None))
    assert np.median(directed) < np.median(plain)
    assert np.mean(directed < 1e-3) > 1.2 * np.mean(plain < 1e-3)


def test_a_value_whose_share_never_differs_is_told_where_others_differ_by_the_weekday():
    """Airports of a timetable: Saturdays have more of the second, and less of the third."""
    random = np.random.default_rng(4)

    def day(number, lost=0.0):
        saturday = number % 7 == 5
        plan = np.array([0.35, 0.39, 0.26] if saturday else [0.35, 0.33, 0.32])
        counts = np.rint(plan * 970 + random.normal(0, 4, 3)).astype(np.int64)
        moved = int(lost * counts[0])
        return counts + np.array([-moved, moved, 0])

    days = np.array([day(number) for number in range(28)])
    known, without = variation_of(days, ordered=False), variation_of(days)
    quiet = np.array([day(number) for number in range(28, 56)])
    fault = np.array([day(number, lost=0.3) for number in range(28, 33)])
    assert known.p_values(quiet).min() > 0.01
    assert known.p_values(fault).max() < without.p_values(fault).min() / 10


@pytest.mark.parametrize("ordered", [True, False])
def test_several_columns_at_once_are_what_each_is_alone(ordered):
    random = np.random.default_rng(5)
    days = random.multinomial(800, random.dirichlet(np.ones(6) * 5, size=3)[:, None], size=(3, 30))
    now = random.multinomial(800, random.dirichlet(np.ones(6) * 5, size=3))
    around = random.multinomial(5_000, random.dirichlet(np.ones(6) * 5, size=3))
    together = variation_of(days, ordered)
    for column in range(3):
        alone = variation_of(days[column], ordered)
        assert together.p_values(now)[column] == pytest.approx(alone.p_value(now[column]))
        moved = alone.around(around[column]).p_value(now[column])
        assert together.around(around).p_values(now)[column] == pytest.approx(moved)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("shares", [[0.5, 0.3, 0.2], [0.9, 0.07, 0.02, 0.01], [0.05] * 20])
@pytest.mark.parametrize("rows", [100, 1_000])
def test_p_values_of_independent_rows_are_no_smaller_than_they_say(rows, shares, ordered):
    random = np.random.default_rng(rows)
    known = variation_of(random.multinomial(rows, shares, size=(100, 28)), ordered)
    found = known.p_values(random.multinomial(rows, shares, size=(40, 100)))
    assert np.mean(found < 0.05) < 0.05
    assert np.mean(found < 0.001) < 0.003
