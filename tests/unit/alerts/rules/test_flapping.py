from __future__ import annotations

import datetime as dt
import random

import pytest

from obs_dagster.alerts import State
from obs_dagster.alerts.rules.flapping import QUIET_NIGHTS, damped
from obs_dagster.alerts.rules.fold import GONE, fold
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.monitor import Rule

FIRST = dt.date(2013, 7, 1)
RULE = Rule.model_validate({"name": "low", "metric": "recall", "below": 0.5})


def night(number):
    return FIRST + dt.timedelta(days=number - 1)


def series(text):
    """One night per character: `x` a breach, `.` a good one, `?` unknown, `-` no rows."""
    value = {"x": 0.2, ".": 0.9, "?": None, "-": None}
    return [
        Observation(night(number), value[each], None, None, 1_000, NO_ROWS if each == "-" else "")
        for number, each in enumerate(text, start=1)
    ]


def episodes(text, rule=RULE):
    nights = series(text)
    return damped(rule, fold(rule, nights, nights[-1].day), nights, nights[-1].day)


def told(text, rule=RULE):
    """What people hear, night after night: firings and ends."""
    heard, firing = [], False
    for length in range(1, len(text) + 1):
        found = episodes(text[:length], rule)
        now = bool(found) and found[-1].state is State.FIRING
        if now != firing:
            heard.append("firing" if now else "resolved")
        firing = now
    return heard


def test_the_third_firing_within_two_weeks_is_one_alert_until_it_is_quiet():
    found = episodes("x.x..x.x.x" + "." * 6)
    assert [(one.since, one.flaps, one.state) for one in found] == [
        (night(1), 0, State.RESOLVED),
        (night(3), 0, State.RESOLVED),
        (night(6), 5, State.FIRING),
    ]
    assert found[-1].nights == 3
    [*_, over] = episodes("x.x..x.x.x" + "." * 7 + "x")[:3]
    assert (over.state, over.resolved_day, over.since) == (State.RESOLVED, night(17), night(6))
    assert "fired 5 times" in over.reason


def test_after_it_was_quiet_counting_begins_anew():
    assert [one.flaps for one in episodes("x.x.x" + "." * QUIET_NIGHTS + "x.x.")] == [0, 0, 3, 0, 0]


def test_two_incidents_in_a_week_or_three_in_a_month_are_their_own():
    for text in ("xxx...xx....", "x.......x.......x..", "x" * 30 + "."):
        assert all(one.flaps == 0 and one.state is State.RESOLVED for one in episodes(text))


def test_what_is_not_known_is_no_quiet_night_and_a_breach_that_does_not_fire_breaks_the_quiet():
    assert episodes("x.x.x" + "?" * 20)[-1].state is State.FIRING
    assert episodes("x.x.x.." + "?" * 20 + "....")[-1].state is State.FIRING
    twice = RULE.model_copy(update={"for_nights": 2})
    assert episodes("xx.xx.xx......x......", twice)[-1].state is State.FIRING
    assert episodes("xx.xx.xx......x.......", twice)[-1].state is State.RESOLVED


def test_one_without_rows_ends_as_any_other():
    assert episodes("x.x.x." + "-" * 30)[-1].reason == GONE


@pytest.mark.parametrize(
    ("share", "plain", "at_most"),
    # of 60 nights, so many in breach by chance: what is heard without damping, and the most that is with it
    [(0.1, 9.5, 9), (0.3, 23, 10), (0.5, 29, 8), (0.9, 12, 8)],
)
def test_what_people_hear_of_sixty_nights_by_chance(share, plain, at_most):
    chance = random.Random(1)  # noqa: S311 - nothing secret
    heard, undamped = [], []
    for _ in range(20):
        text = "".join("x" if chance.random() < share else "." for _ in range(60))
        heard.append(len(told(text)))
        found = fold(RULE, series(text), night(60))
        undamped.append(sum(1 + (one.state is State.RESOLVED) for one in found))
    assert sum(undamped) / 20 == pytest.approx(plain, abs=1.5)
    assert sum(heard) / 20 <= at_most
    assert sum(heard) <= sum(undamped)


def test_what_fires_every_other_night_is_told_six_times_at_most():
    assert told("x." * 30 + "." * 8) == ["firing", "resolved"] * 3
