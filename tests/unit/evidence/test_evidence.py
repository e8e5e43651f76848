"""Evidence beside days that differ: p-values, and alarms within their budget."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from bench.false_alarms import (
    BASELINES,
    WORLDS,
    alarms_of_a_year,
    chi_square_nights,
    days_of_a_year,
    p_values_of_a_year,
)
from bench.quiet_missing import alarms_of_a_year as alarms_of_columns
from bench.quiet_missing import missing
from bench.quiet_rows import NIGHTS
from obs_dagster.evidence.bins import bins_of, pooled
from obs_dagster.evidence.detector import ALONE, Detectors, e_value, e_values
from obs_dagster.evidence.questions import Questions
from obs_dagster.evidence.variation import LEAST_DAYS, TOLERANCE, assumed, variation_of
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts

FIRST = dt.date(2024, 1, 1)


def nights(bets, alarms_a_year=1.0):
    """What nights come to, each a mapping of e-values."""
    detectors = Detectors(alarms_a_year)
    return [detectors.night(FIRST + dt.timedelta(days=n), night) for n, night in enumerate(bets)]


@pytest.mark.parametrize(("name", "year"), [("overdispersed", 0), ("weekly", 0), ("beside", 1)])
def test_a_year_of_quiet_nights_keeps_its_budget(name, year):
    """A small version of `python -m bench.false_alarms`, with every kind of baseline."""
    p_values = p_values_of_a_year(days_of_a_year(WORLDS[name], year))
    for baseline in BASELINES:
        assert alarms_of_a_year(p_values[baseline]) <= 1


def test_a_column_that_lacks_values_now_and_then_keeps_the_budget_once_its_baseline_has_such_a_day():
    lost = missing(0, 28 + NIGHTS)
    failed = (lost[:28] > 0).sum(axis=0)
    chosen = [np.flatnonzero(failed == days)[0] for days in (0, 1, 3)]
    never, *others = alarms_of_columns(lost[:, chosen], 28)
    # of some 26 nights
    assert never[0] == 0
    assert never[1] > 10
    assert others == [(1, 0), (3, 0)]


def test_a_test_of_independent_rows_alarms_every_night():
    assert chi_square_nights(days_of_a_year(WORLDS["shifts"], 0)) == 365
    assert chi_square_nights(days_of_a_year(WORLDS["independent"], 0)) < 40


def test_several_columns_and_nights_at_once_are_what_each_is_alone():
    days = WORLDS["weekly"].days(4, 60)
    together = variation_of(np.moveaxis(days[:28], 1, 0))
    trained = days[30:50].sum(axis=0)
    for column in (0, 7, 19):
        alone = variation_of(days[:28, column])
        for counts in days[50:]:
            assert together.p_values(counts)[column] == pytest.approx(alone.p_value(counts[column]))
            around = alone.around(trained[column]).p_value(counts[column])
            assert together.around(trained).p_values(counts)[column] == pytest.approx(around)
    assert e_values(np.array([0.5, 0.01]))[1] == e_value(0.01)


@pytest.mark.parametrize("name", ["independent", "overdispersed", "shifts"])
def test_p_values_of_quiet_days_are_no_smaller_than_they_say(name):
    days = WORLDS[name].days(7, 28 + 150)
    found = [
        variation_of(days[:28, column]).p_value(counts)
        for column in range(10)
        for counts in days[28:, column]
    ]
    assert np.mean(np.array(found) < 0.05) < 0.05
    assert np.mean(np.array(found) < 0.001) < 0.003


def test_a_window_of_independent_days_is_as_sure_as_its_days_are_many():
    days = WORLDS["overdispersed"].days(3, 60)[:, 0]
    known = variation_of(days)
    moved = np.roll(days[:7].sum(axis=0), 1)
    moved[0] += moved.sum() // 4
    assert known.p_value(moved, days=7) < known.p_value(moved, days=1) / 3


def test_the_design_effect_is_that_of_rows_that_are_alike():
    days = WORLDS["overdispersed"].days(1, 400)[:, 0]
    assert variation_of(days).design_effect(5_000) == pytest.approx(1 + 4_999 * 0.01, rel=0.1)
    assert variation_of(WORLDS["independent"].days(1, 400)[:, 0]).design_effect(5_000) < 1.2


def test_days_that_move_in_one_direction_have_one_degree_of_freedom():
    assert variation_of(WORLDS["heavy"].days(1, 200)[:, 0]).freedom < 2
    assert variation_of(WORLDS["independent"].days(1, 200)[:, 0]).freedom > 7


def test_what_no_one_would_act_on_is_no_news_however_many_rows_there_are():
    days = np.full((60, 10), 10_000_000)
    day = days[0].copy()
    day[:2] += np.array([100_000, -100_000])
    assert variation_of(days).p_value(day) > 0.1
    assert variation_of(days).p_value(np.roll(np.arange(10), 3) * 1_000_000) < 1e-3


def test_few_days_are_taken_to_differ():
    few = variation_of(WORLDS["independent"].days(1, LEAST_DAYS - 1)[:, 0])
    assert not few.calibrated
    known = assumed(np.full(10, 10_000))
    assert not known.calibrated
    assert known.p_value(np.array([700, 300, *[500] * 8])) > 0.2
    assert known.p_value(np.array([5_000, *[0] * 9])) < 1e-3


@pytest.mark.parametrize(
    "days", [np.zeros((30, 3)), np.ones((1, 3)), np.eye(3).repeat(9, axis=0), np.full((30, 1), 5)]
)
def test_any_counts_have_a_p_value(days):
    known = variation_of(days.astype(np.int64))
    for counts in (np.zeros(days.shape[1]), np.ones(days.shape[1]), np.full(days.shape[1], 10**9)):
        assert 0 <= known.p_value(counts.astype(np.int64)) <= 1


def test_what_is_tolerated_is_moved_from_where_nothing_is_and_not_counted_as_noise():
    """The p-value of the worst that is tolerated, against days drawn that are off by just that."""
    random = np.random.default_rng(8)
    quiet = random.multinomial(5_000, np.full(10, 0.1), size=400)
    known = variation_of(quiet)
    off = np.full(10, 0.1) + np.sqrt(TOLERANCE / 100) * np.array([1, -1] * 5)
    assert ((off - 0.1) ** 2 / 0.1).sum() == pytest.approx(TOLERANCE)
    tolerated = known.p_values(random.multinomial(5_000, off, size=4_000))
    assert np.mean(tolerated < 0.05) < 0.05
    assert np.mean(tolerated < 0.5) > 0.1
    beyond = np.full(10, 0.1) + np.sqrt(3 * TOLERANCE / 100) * np.array([1, -1] * 5)
    assert np.median(known.p_values(random.multinomial(50_000, beyond, size=100))) < 1e-4


def test_what_lies_beside_the_way_that_days_go_is_news_though_days_go_far():
    days = WORLDS["spells"].days(5, 60)[:, 0]
    known = variation_of(days)
    spikes = days.mean(axis=0)
    spikes[[2, 7]] *= [1.7, 0.3]
    assert known.p_value(spikes.astype(np.int64)) < 1e-4
    # and a day that only goes on that way is as likely as days differ, bent as it is
    shares = np.diff([0.0, *norm.cdf(norm.ppf(np.arange(1, 10) / 10) - 0.45), 1.0])
    assert known.p_value((5_000 * shares).astype(np.int64)) > 0.01


def numbers(values, nulls=0):
    points, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    return NumericCounts(points, np.zeros(len(points)), counts, nulls=nulls)


def asked(days):
    return Questions.of(bins_of(pooled(days), len(days)), days)


@pytest.fixture(scope="module")
def weather():
    """Days that are warm or cold, with a missing value now and then."""
    random = np.random.default_rng(3)
    return [
        numbers(random.normal(random.normal(15, 1), 5, 999), nulls=int(random.integers(0, 2)))
        for _ in range(28)
    ]


def test_what_was_never_missing_is_news_where_days_differ_in_all_else(weather):
    known, day = asked(weather), weather[4]
    assert known.p_value(replace(day, nulls=1)) > 0.1
    assert known.p_value(replace(day, nulls=30)) < 1e-5
    assert known.p_value(CategoryCounts({"warm": 999})) < 1e-6


def test_numbers_beyond_all_days_are_news_though_few(weather):
    known = asked(weather)
    few = np.concatenate([np.repeat(day.points, day.counts) for day in weather[:1]])
    fahrenheit = np.concatenate([few[:-40], few[-40:] * 1.8 + 32])
    assert known.p_value(numbers(fahrenheit)) < 1e-5
    assert known.p_value(numbers(few)) > 0.1


def test_a_new_name_is_news_where_new_names_are_rare():
    usual = CategoryCounts({"a": 600, "b": 400})
    known = asked([usual] * 28)
    assert known.p_value(CategoryCounts({"a": 599, "b": 400, "c": 1})) > 0.1
    assert known.p_value(CategoryCounts({"a": 590, "b": 395, "c": 15})) < 1e-5
    # where every day has names of its own, another one has too
    of_day = [CategoryCounts({"a": 600, f"customer {n}": 15}) for n in range(28)]
    assert asked(of_day).p_value(CategoryCounts({"a": 600, "another": 15})) > 0.1
    # and of names that were not all counted by themselves none is surely new
    rest = [CategoryCounts({"a": 600, "b": 385}, rest=15)] * 28
    assert asked(rest).p_value(CategoryCounts({"a": 600, "b": 385, "c": 15})) > 0.1


def test_days_beside_a_baseline_say_only_how_days_differ(weather):
    trained = numbers(np.random.default_rng(9).normal(15, 5, 50_000))
    around = asked(weather).around(trained)
    assert around.p_value(replace(weather[4], nulls=1)) > 0.01
    assert around.p_value(numbers(np.random.default_rng(9).normal(21, 5, 999))) < 0.01


def test_a_single_row_of_a_new_value_is_no_news_and_many_are():
    common = CategoryCounts({"a": 5_000, "b": 3_000})
    bins = bins_of(CategoryCounts({"a": 5_000 * 30, "b": 3_000 * 30}), 30)
    known = variation_of(np.array([bins.count(common)] * 30))
    assert known.p_value(bins.count(CategoryCounts({"a": 5_000, "b": 2_999, "c": 1}))) > 0.5
    assert known.p_value(bins.count(CategoryCounts({"a": 3_000, "b": 2_000, "c": 3_000}))) < 1e-6


def test_bins_of_numbers_are_tenths_with_frequent_values_apart_and_what_is_missing():
    values = np.arange(100.0)
    counts = np.ones(100, dtype=np.int64)
    counts[50] = 50
    baseline = NumericCounts(values, np.zeros(100), counts, nulls=3)
    found = bins_of(baseline, 20).count(baseline)
    assert found.sum() == baseline.rows
    assert found[-1] == 3
    assert 50 in found
    outside = NumericCounts(np.array([-1e9, -1.0, 100.0, 1e9]), np.zeros(4), np.array([2, 4, 5, 3]))
    # what is far off is apart from what is only the lowest and the highest
    assert bins_of(baseline, 20).count(outside)[[0, 1, -3, -2]].tolist() == [2, 4, 5, 3]
    assert bins_of(baseline, 20).count(CategoryCounts({"a": 4}))[-1] == 4


def test_a_constant_is_apart_from_what_lies_beside_it():
    one = NumericCounts(np.array([7.0]), np.zeros(1), np.array([90]))
    bins = bins_of(one, 20)
    beside = [
        bins.count(NumericCounts(np.array([x]), np.zeros(1), np.array([9]))).argmax() for x in (6.9, 7.0, 7.1)
    ]
    assert len(set(beside)) == 3


def test_bets_win_nothing_on_average():
    p = (np.arange(200_000) + 0.5) / 200_000
    assert np.mean(e_values(p)) == pytest.approx(1, abs=0.05)
    assert e_value(0) > 1e40


def test_an_alarm_says_how_much_evidence_since_when_and_ends():
    quiet, moved = {"a": 0.5, "b": 0.5}, {"a": 24.0, "b": 0.5}
    found = [night["a"] for night in nights([quiet] * 10 + [moved] * 4 + [quiet] * 12)]
    alarming = [n for n, each in enumerate(found) if each.alarm]
    assert alarming[0] == 11
    assert found[11].since == FIRST + dt.timedelta(days=10)
    # what is not for single nights is for those that add up
    assert found[11].needed == pytest.approx(np.log10(365 * 2 / (1 - ALONE)))
    assert found[11].evidence > found[11].needed
    assert not found[11].by_itself
    assert found[12].nights == 3
    assert alarming == list(range(11, alarming[-1] + 1))
    assert alarming[-1] < 19
    assert found[-1].evidence < 1


def test_columns_that_move_together_need_less_each():
    enough = {"a": 27.0, "b": 0.5}
    alone = nights([enough, enough])[1]
    both = nights([dict.fromkeys("ab", 27.0)] * 2)[1]
    assert not alone["a"].alarm
    assert both["a"].alarm
    assert both["b"].alarm
    assert not both["a"].by_itself


@pytest.mark.parametrize("columns", [1, 12])
def test_a_night_is_an_alarm_by_itself_that_its_part_of_the_budget_has_by_chance(columns):
    rare = ALONE / (365 * columns)
    others = {f"other {number}": 0.5 for number in range(columns - 1)}
    found = nights([{"a": e_value(rare), **others}, {"a": 0.5, **others}])
    assert found[0]["a"].alarm
    assert found[0]["a"].by_itself
    assert found[0]["a"].needed == pytest.approx(np.log10(e_value(rare)))
    assert found[1]["a"].alarm
    assert not any(found[0][name].alarm for name in others)
    assert not nights([{"a": e_value(rare * 1.1), **others}])[0]["a"].alarm


@pytest.mark.parametrize("columns", [1, 12])
def test_an_alarm_of_a_single_night_is_over_and_may_come_again(columns):
    bet = e_value(ALONE / (365 * columns)) * 1.01
    quiet = {f"other {number}": e_value(0.5) for number in range(columns - 1)} | {"a": e_value(0.5)}
    found = [night["a"] for night in nights([quiet | {"a": bet}, *[quiet] * 12, quiet | {"a": bet}])]
    alarms = [each.alarm for each in found]
    ended = alarms.index(False)
    assert 4 < ended < 9
    assert alarms == [True] * ended + [False] * (13 - ended) + [True]
    # it says what the night came to, and not what it is held up by
    assert 10 ** found[0].evidence == pytest.approx(bet)
    assert {each.needed for each in found[:ended]} == {found[0].needed}


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("a_year", [1.0, 12.0])
def test_p_values_that_are_what_they_say_keep_the_budget_however_columns_depend(together, a_year):
    """The sharpest p-values there can be: uniform ones, of columns that are alike or not."""
    random = np.random.default_rng(11)
    years = 40 if a_year == 1 else 6
    alarms = []
    for _ in range(years):
        p = random.uniform(size=(365, 1 if together else 5))
        alarms.append(alarms_of_a_year(np.broadcast_to(p, (365, 5)), a_year))
    error = np.sqrt(a_year / years)
    assert 0 < np.mean(alarms) < a_year + 2 * error


def test_a_larger_budget_alarms_sooner():
    assert nights([{"a": 12.0}], alarms_a_year=12)[0]["a"].alarm
    assert not nights([{"a": 12.0}])[0]["a"].alarm


def test_values_of_another_kind_are_news_where_each_day_lies_elsewhere():
    """Weather: each day covers a few tenths of its season, so no day of its range says much."""
    random = np.random.default_rng(4)

    def day(of):
        values = np.sort(np.round(of, 1))
        points, counts = np.unique(values, return_counts=True)
        return NumericCounts(points, np.zeros(len(points)), counts)

    centres = random.normal(15, 5, 30)
    season = [random.normal(centre, 2, 900) for centre in centres]
    bins = bins_of(day(np.concatenate(season)), 30)
    known = variation_of(np.array([bins.count(day(each)) for each in season]))
    warm = bins.count(day(random.normal(24, 2, 900)))
    fahrenheit = bins.count(day(random.normal(15, 2, 900) * 1.8 + 32))
    assert known.p_value(warm) > 0.01
    assert known.p_value(fahrenheit) < 1e-4


def test_days_of_a_timetable_are_held_against_how_little_they_differ():
    """A part that is a fortieth of every day is missed when it is gone, and quiet days are quiet."""
    random = np.random.default_rng(5)
    plan = np.array([25, 75, 100, 200, 250, 350])
    days = plan + random.integers(-2, 3, size=(28 + 100, len(plan)))
    known = variation_of(days[:28])
    gone = days[28:] * np.array([0, 1, 1, 1, 1, 1])
    assert known.design_effect(1_000) < 0.5
    assert known.p_values(days[28:]).min() > 0.01
    assert known.p_values(gone).max() < 1e-3
    chance = np.array([random.multinomial(1_000, plan / 1_000) for _ in range(28)])
    assert variation_of(chance).p_values(gone).min() > known.p_values(gone).max()
