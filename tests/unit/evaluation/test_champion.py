"""Versions beside their champion, night by night: what is known, and why it is not."""

import datetime as dt
import itertools

import pytest

from obs_dagster.evaluation.champion import champion_records
from obs_dagster.evaluation.champion_kept import kept_champion
from obs_dagster.evaluation.versus import metrics_to_compare, versus
from obs_dagster.evaluation.where import Period
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.champion import beside_champion
from obs_dagster.reports.versus import newest_versus
from obs_dagster.versus.champion import Champion

DAY = dt.date(2024, 3, 4)
DAYS = [DAY + dt.timedelta(days=number) for number in range(8)]
LAST = DAYS[-1]
ALIASES = (f"@{number}" for number in itertools.count())


@pytest.fixture
def world(two_versions, small_at):
    """Each test has an alias of its own: what others have kept is of another name."""
    return small_at(two_versions.root, windows=[1], champion=next(ALIASES))


def told(world, days, now, metric="accuracy"):
    """The record of each version on each day."""
    records = [each for _, found in champion_records(world.tonight, days, now) for each in found]
    return {(each.version, each.day): each for each in records if each.metric == beside_champion(metric)}


def test_it_says_night_by_night_what_the_comparison_of_versions_says(world):
    last = told(world, DAYS, Champion("1"))["2", LAST]
    compared, *_ = versus(world.tonight, "2", "1", Period(DAY, LAST), ["accuracy"], pair=False)
    assert (last.value, last.low, last.high) == pytest.approx(
        (compared.look.difference, compared.look.low, compared.look.high)
    )
    assert last.high < 0
    assert last.n == compared.rows
    assert last.reason.startswith("worse than version 1, its champion: 0.")
    assert last.reason.endswith("on the same days, with the mix of carrier evened out, after 8 days")


def test_a_difference_that_may_be_chance_is_said_to_be_none(world):
    same = told(world, [LAST], Champion("1"))["3", LAST]
    assert same.low < 0 < same.high
    assert same.reason.startswith("not told apart from version 1, its champion: 0.")


def test_nights_by_themselves_say_what_all_at_once_do(world):
    at_once = told(world, DAYS, Champion("1"), "recall")
    for day in (DAYS[3], DAYS[7]):
        alone = told(world, [day], Champion("1"), "recall")
        assert {version for version, _ in alone} == {"2", "3"}
        assert alone.items() <= at_once.items()


def test_a_few_days_are_a_reason_and_no_number(world):
    early = told(world, [DAYS[2]], Champion("1"))["2", DAYS[2]]
    assert (early.value, early.low, early.high) == (None, None, None)
    assert early.reason == "3 days in common with version 1, its champion; 7 are needed"


@pytest.mark.parametrize(
    ("champion", "reason"),
    [
        (Champion("9"), "version 3 has no day with labels in common with version 9, its champion"),
        (Champion("", "the registered model small has no alias best"), "the registered model small has no "),
    ],
)
def test_what_cannot_be_compared_says_why(world, champion, reason):
    found = told(world, [LAST], champion)
    assert found["3", LAST].reason.startswith(reason)
    assert {(each.value, each.low, each.high) for each in found.values()} == {(None, None, None)}


def test_a_champion_that_serves_alone_is_compared_with_nobody(small):
    world = small(windows=[1], champion="1")
    world.train("1")
    rows = world.rows(DAY, 100)
    world.log(DAY, rows)
    world.labels("1.parquet", rows, day=DAY)
    world.night(DAY)
    found = told(world, [DAY], Champion("1"))
    assert found["1", DAY].value is None
    assert found["1", DAY].reason == "no version but the champion has labels of these days"


def test_a_night_that_is_run_again_has_the_champion_that_it_had(world):
    told(world, [DAYS[6]], Champion("1"))
    assert kept_champion(world.tonight, DAYS[6]) == Champion("1")
    later = told(world, DAYS[6:], Champion("2"))
    assert {version for version, day in later if day == DAYS[6]} == {"2", "3"}
    assert {version for version, day in later if day == DAYS[7]} == {"1", "3"}
    # an alias that is not known for a night is asked for again
    away = Champion("", "MLflow does not answer")
    told(world, [DAYS[5]], away)
    assert kept_champion(world.tonight, DAYS[5]) is None


def test_the_page_compares_with_the_champion_over_the_days_that_rules_look_at(world):
    last = told(world, DAYS, Champion("1"))["3", LAST]
    found = next(each for each in newest_versus(world.tonight, LAST) if each.metric == "accuracy")
    assert (found.first, found.second, found.look.days) == ("3", "1", 8)
    assert found.look.difference == pytest.approx(last.value)


def test_every_metric_with_a_better_side_is_held_against_the_champion(world):
    named = [beside_champion(each) for each in metrics_to_compare(world.monitor)]
    assert named == list(family("champion", world.monitor.task))
