"""Two versions over nights: paired where both scored the same requests, on the same days where not."""

import dataclasses
import datetime as dt

import pytest

from obs_dagster.evaluation.versus import VersusError, metrics_to_compare, versus
from obs_dagster.evaluation.where import Period
from obs_dagster.reports.versus import newest_versus, verdict_on, versus_section

DAY = dt.date(2024, 3, 4)
NIGHTS = 8
ALL = Period(DAY, DAY + dt.timedelta(days=NIGHTS - 1))


@pytest.fixture
def world(two_versions):
    return two_versions


def test_requests_that_both_scored_are_paired(world):
    (found, *parts) = versus(world.tonight, "1", "2", ALL, ["accuracy"])
    assert (found.way, found.rows, found.look.days) == ("same requests", 250 * NIGHTS, NIGHTS)
    assert found.look.decided == 1
    assert found.look.p_value < 0.05
    assert "Version 1 has the better accuracy than version 2" in verdict_on(found)
    assert "on the requests that both have scored" in verdict_on(found)
    assert {each.segment for each in parts} == {"carrier=AA", "carrier=B6", "carrier=UA"}
    (apart, *_) = versus(world.tonight, "1", "2", ALL, ["accuracy"], pair=False)
    assert apart.look.difference == pytest.approx(found.look.difference, abs=0.01)
    assert apart.way == "same days, same mix"


def test_other_requests_are_compared_on_the_same_days_with_the_same_mix(world):
    (found, *_) = versus(world.tonight, "1", "3", ALL, ["recall"])
    assert found.way == "same days, same mix"
    assert found.look.low < 0 < found.look.high
    assert verdict_on(found).startswith("Nobody can tell yet which has the better recall")
    table = versus_section([found])
    assert table.rows[0][5] == "not known yet"


def test_a_few_nights_are_no_verdict(world):
    (found, *_) = versus(world.tonight, "1", "2", Period(DAY, DAY + dt.timedelta(days=3)), ["accuracy"])
    assert found.look.days == 4
    assert found.look.decided == 0
    unknown = dataclasses.replace(found, look=None, values=None)
    assert "no day has rows of both" in verdict_on(unknown)


def test_nights_compare_the_newest_two(world):
    found = newest_versus(world.tonight, ALL.last)
    assert {(each.first, each.second) for each in found} == {("3", "2")}
    assert newest_versus(world.tonight, dt.date(2020, 1, 1)) == []


def test_what_cannot_be_compared_says_why(world, small):
    with pytest.raises(VersusError, match=r"Version 9 of small has no labels"):
        versus(world.tonight, "1", "9", ALL, ["recall"])
    with pytest.raises(VersusError, match="has no `labels`"):
        versus(small(labels=None).tonight, "1", "2", ALL, ["recall"])
    assert metrics_to_compare(world.monitor) == ["recall", "precision", "accuracy", "f1"]
