"""What a night says of how sure drift is: from the days of its baseline, where it has such."""

import datetime as dt

import pytest

from obs_dagster.evaluation.drift_records import drift_records

ONE = dt.timedelta(days=1)


@pytest.fixture
def found():
    """The evidence of a night by metric, column and window."""

    def found(world, day):
        about = ("drift_p_value", "drift_evidence", "break_evidence", "design_effect")
        return {
            (
                record.metric,
                record.column,
                record.window,
                *([record.segment] * (record.segment != "*")),
            ): record
            for record in drift_records(world.tonight, day)
            if record.metric in about and record.version == "1"
        }

    return found


def test_a_night_is_as_sure_as_the_days_of_its_baseline_let_it_be(small, day, found):
    night = day + 21 * ONE
    world = small(baseline={"kind": "days", "first": day, "last": night - ONE}, start=night)
    for number in range(21):
        world.log(day + number * ONE, world.rows(day + number * ONE, 300))
    rows = world.rows(night, 300)
    rows["temp"] = rows["temp"] * 1.8 + 32
    world.log(night, rows)
    world.night(night)

    known = found(world, night)
    assert known["drift_p_value", "temp", 1].value < 1e-3
    assert known["drift_evidence", "temp", 1].value > 1
    assert known["drift_p_value", "carrier", 1].value > 0.05
    assert 0.25 <= known["design_effect", "carrier", 1].value < 5
    # a window of the same rows is as sure; evidence is of days alone
    assert known["drift_p_value", "temp", 7].value == known["drift_p_value", "temp", 1].value
    assert ("drift_evidence", "temp", 7) not in known


def test_few_days_say_that_it_is_not_calibrated(small, day, found):
    world = small(baseline={"kind": "days", "first": day, "last": day + ONE})
    for each in (day, day + ONE, day + 2 * ONE):
        world.log(each, world.rows(each, 300))
    world.night(day + 2 * ONE)

    known = found(world, day + 2 * ONE)
    reason = "not calibrated: 2 days of the baseline have rows of it, 20 are needed"
    assert known["design_effect", "temp", 1].reason == reason
    assert known["drift_evidence", "temp", 1].reason == reason
    assert known["drift_p_value", "temp", 1].value > 0.05


@pytest.fixture
def summer(small, day):
    """Nights of a version that was trained on a winter; the last one is written as a night of it again."""

    def summer(nights):
        world = small()
        rows = world.rows(day, 300)
        warm = rows.assign(temp=rows["temp"] / 5 + 26)
        world.train("1")
        world.log(day, warm)
        world.night(day)
        last = day + nights * ONE
        tonight = world.rows(last, 300)
        # degrees of another unit, which a winter has
        world.log(last, tonight.assign(temp=tonight["temp"] / 9 - 3))
        world.night(last)
        profiles = world.tonight.profiles
        for number in range(1, nights):
            profiles.write(day + number * ONE, profiles.read(day), profiles.manifest(day))
        return world, last

    return summer


def test_the_nights_before_say_how_days_differ_where_a_baseline_has_no_days(summer, found):
    known = found(*summer(28))
    assert 0.25 <= known["design_effect", "carrier", 1].value < 5
    assert known["drift_p_value", "carrier", 1].value > 0.01
    assert known["drift_p_value", "score", 1, "carrier=AA"].value > 0.05
    assert 0.25 <= known["design_effect", "score", 1, "carrier=AA"].value < 5
    assert known["drift_evidence", "temp", 1].value > 1
    # a break with them shows, though the baseline had such values
    assert known["break_evidence", "temp", 1].value > 4
    # of nights that are all the same, one that only differs by chance is little
    assert known["break_evidence", "carrier", 1].value < 2.5


def test_nights_of_less_than_four_weeks_do_not_say_it_yet(summer, found):
    known = found(*summer(26))
    reason = "not calibrated: 19 nights before the last week have rows of it, 20 are needed"
    assert known["design_effect", "temp", 1].reason == reason
    assert known["break_evidence", "temp", 1].reason == reason
