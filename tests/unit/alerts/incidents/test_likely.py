"""What messages say of why: the first suspects, again if another comes first, and nothing that acts."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from obs_dagster.alerts.incidents.likely import NOTHING, Likely
from obs_dagster.alerts.life import silences
from obs_dagster.alerts.life.tell import settle
from obs_dagster.alerts.moved import silent
from obs_dagster.history.alert_tables import OUTBOX

RULE = {"name": "recall_low", "metric": "recall", "below": 0.5}
QUIET = [0.0, 0.01, 0.0, 0.01, 0.0]
COLUMN = "dep_delay"


@pytest.fixture
def told(store):
    """What went to the outbox, as event and suspects."""

    def told():
        with store.reading() as connection:
            query = select(OUTBOX.c.notification).order_by(OUTBOX.c.id)
            details = [each["details"] for each in connection.execute(query).scalars()]
        return [(each["event"], each.get("why", "")) for each in details]

    return told


def moves(write, column=COLUMN):
    """Five quiet nights, and a sixth on which recall is lost and a column has moved."""
    write([0.9] * 5 + [0.2])
    write([*QUIET, 3.0], metric="psi", column=column)


def test_a_message_says_what_is_likely_behind_it_and_again_when_something_else_is(
    write, evaluate, told, store
):
    moves(write)
    for night in range(1, 7):
        evaluate(night, RULE)
    [(event, why)] = told()
    assert (event, why) == ("firing", "dep_delay moved: PSI 3 on 2013-07-06, usually 0")

    evaluate(7, RULE)
    assert len(told()) == 1
    write([*QUIET, 0.4], metric="missing_share", column=COLUMN)
    for night in (8, 9):
        evaluate(night, RULE)
    events = told()
    assert [event for event, _ in events] == ["firing", "explained"]
    assert events[1][1].startswith("(1) dep_delay: 40.0% missing on 2013-07-06, usually 0.0%; (2) dep_delay")
    with store.reading() as connection:
        threads = set(connection.execute(select(OUTBOX.c.thread)).scalars())
        latest = connection.execute(select(OUTBOX.c.notification).order_by(OUTBOX.c.id.desc())).scalar()
    assert len(threads) == 1
    assert (latest["event"], latest["facts"]["likely why"]) == ("updated", events[1][1])


def test_that_nothing_explains_it_is_said_and_so_is_what_does_later(write, evaluate, told):
    write([0.9] * 5 + [0.2, 0.2])
    for night in range(1, 7):
        evaluate(night, RULE)
    assert told() == [("firing", NOTHING)]
    write([*QUIET, 3.0], metric="psi", column=COLUMN)
    evaluate(7, RULE)
    assert [event for event, _ in told()] == ["firing", "explained"]


def test_of_what_is_silenced_nothing_is_told_until_the_silence_ends(write, evaluate, told, store):
    moves(write)
    now = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
    end = now + dt.timedelta(hours=8)
    silences.add(store, {"rule": "recall_*"}, author="ann", comment="", ends_at=end, now=now)
    for night in range(1, 8):
        evaluate(night, RULE)
    assert told() == []
    assert settle(store, end, silent, Likely(silent, lambda _: ())) == 1
    assert told() == [("firing", "dep_delay moved: PSI 3 on 2013-07-06, usually 0")]


def test_names_and_secrets_do_nothing_in_it(write, evaluate, told, monkeypatch):
    monkeypatch.setenv("FEED_TOKEN", "hunter2-hunter2")
    moves(write, column="<!channel> https://x hunter2-hunter2")
    for night in range(1, 7):
        evaluate(night, RULE)
    [(_, why)] = told()
    assert why.startswith("(!channel) https:/ /x *** moved")


def test_a_long_name_leaves_room_for_the_rest(write, evaluate, told):
    moves(write, column="c" * 5_000)
    for night in range(1, 7):
        evaluate(night, RULE)
    assert len(told()[0][1]) <= 200
