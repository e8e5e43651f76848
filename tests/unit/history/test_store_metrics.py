from __future__ import annotations

import datetime as dt
import math
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from obs_dagster.errors import HistoryError
from obs_dagster.history import Changes, History
from obs_dagster.history.tables import METRIC_HISTORY
from obs_dagster.metrics.record import MetricRecord

DAY = dt.date(2013, 7, 1)
NOON = dt.datetime(2013, 7, 2, 12, 0, 0, 123456, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)


def record(**changes):
    first = MetricRecord(
        model="flight_delay",
        version="1",
        segment="*",
        column="",
        metric="recall",
        definition="recall/1",
        day=DAY,
        window=1,
        value=0.25,
        low=0.2,
        high=0.3,
        n=900,
        error=0.0,
        reason="",
        computed_at=NOON,
        run_id="run-1",
    )
    return replace(first, **changes)


def put(store, *records, days=(DAY,), metrics=("recall",), windows=None, now=LATER, model="flight_delay"):
    return store.replace_metrics(records, model=model, days=days, metrics=metrics, windows=windows, now=now)


def history_rows(store):
    with store.reading() as connection:
        return connection.execute(select(METRIC_HISTORY)).all()


def test_records_come_back_as_they_were_sorted_by_key(store: History):
    missing = record(version="2", value=None, low=None, high=None, n=0, reason="no rows")
    west = record(segment="origin=Z", computed_at=NOON.astimezone(dt.timezone(dt.timedelta(hours=-5))))
    east = record(segment="origin=é")
    lower = record(segment="origin=a")
    assert put(store, missing, west, lower, east, record()) == Changes(inserted=5)

    found = store.metrics("flight_delay")

    assert found == [record(), west, lower, east, missing]
    assert found == sorted(found, key=lambda one: one.key)
    assert all(one.computed_at.tzinfo == dt.UTC for one in found)


def test_a_night_that_runs_twice_changes_nothing(store: History):
    put(store, record())
    again = record(value=0.25 * (1 + 1e-12), computed_at=LATER, run_id="run-2")

    assert put(store, again) == Changes(unchanged=1)
    assert store.metrics("flight_delay") == [record()]
    assert history_rows(store) == []


@pytest.mark.parametrize(
    "change",
    [
        {"value": 0.26},
        {"low": 0.1},
        {"high": None},
        {"n": 901},
        {"definition": "recall/2"},
        {"value": None, "reason": "no rows"},
    ],
)
def test_what_a_re_evaluation_replaces_stays_as_history(store: History, change):
    put(store, record())
    new = record(computed_at=LATER, run_id="run-2", **change)

    assert put(store, new) == Changes(updated=1)
    assert store.metrics("flight_delay") == [new]
    [old] = history_rows(store)
    assert (old.value, old.computed_at, old.run_id, old.superseded_at) == (0.25, NOON, "run-1", LATER)


def test_what_was_known_at_a_moment_is_what_the_store_had_then(store: History):
    written = [LATER + dt.timedelta(days=night) for night in range(3)]
    versions = [
        # computed a while before they were written, as nights do
        record(value=value, run_id=f"run-{night}", computed_at=written[night] - dt.timedelta(minutes=5))
        for night, value in enumerate([0.25, 0.26, 0.27])
    ]
    other = record(segment="origin=A", computed_at=versions[2].computed_at)
    put(store, versions[0], now=written[0])
    put(store, versions[1], now=written[1])
    put(store, versions[2], other, now=written[2])

    def known(moment):
        found = store.metrics("flight_delay", as_of=moment)
        assert store.metrics_table("flight_delay", as_of=moment)["value"].to_pylist() == [
            each.value for each in found
        ]
        return found

    assert known(NOON - dt.timedelta(days=1)) == []
    assert known(written[0]) == versions[:1]
    assert known(written[1] - dt.timedelta(minutes=1)) == versions[:1], "it was computed, and not yet there"
    assert known(written[1]) == versions[1:2]
    assert known(written[2]) == [versions[2], other] == store.metrics("flight_delay")
    assert store.metrics("flight_delay", as_of=written[2], segments=["origin=A"]) == [other]


def test_what_is_no_longer_among_the_records_leaves_the_scope_only(store: History):
    others = [
        record(metric="precision"),
        record(window=7),
        record(day=DAY + dt.timedelta(days=1)),
    ]
    put(
        store,
        record(),
        *others,
        days=[DAY, DAY + dt.timedelta(days=1)],
        metrics=["recall", "precision"],
    )
    put(store, record(model="other"), model="other")

    assert put(store, windows=[1]) == Changes(removed=1)
    assert sorted(one.key for one in store.metrics("flight_delay")) == sorted(one.key for one in others)
    assert len(store.metrics("other")) == 1
    assert [row.window for row in history_rows(store)] == [1]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["value", "low", "high", "error"])
def test_numbers_that_are_not_finite_are_refused_and_nothing_is_written(store: History, field, number):
    put(store, record())
    with pytest.raises(HistoryError, match=r"'recall' of flight_delay version '1'.*not finite"):
        put(store, record(version="0"), record(**{field: number}))
    assert store.metrics("flight_delay") == [record()]


@pytest.mark.parametrize(
    "stray",
    [{"model": "other"}, {"day": DAY + dt.timedelta(days=1)}, {"metric": "precision"}, {"window": 7}],
)
def test_a_record_outside_the_scope_is_refused(store: History, stray):
    with pytest.raises(ValueError, match="outside the scope"):
        put(store, record(**stray), windows=[1])


def test_two_records_with_one_key_are_refused(store: History):
    with pytest.raises(ValueError, match="two records"):
        put(store, record(), record(value=0.9))


def test_selections(store: History):
    days = [DAY + dt.timedelta(days=shift) for shift in range(3)]
    everything = [
        record(day=day, version=version, segment=segment, column=column, metric=metric, window=window)
        for day in days
        for version in ("1", "2")
        for segment in ("*", "origin=JFK")
        for column in ("", "dep_delay")
        for metric in ("psi", "recall")
        for window in (1, 7)
    ]
    put(store, *everything, days=days, metrics=["psi", "recall"])

    def expect(condition, **wanted):
        kept = sorted((one for one in everything if condition(one)), key=lambda one: one.key)
        assert store.metrics("flight_delay", **wanted) == kept
        assert kept

    expect(lambda _: True)
    expect(lambda one: one.day >= days[1], first=days[1])
    expect(lambda one: one.day <= days[1], last=days[1])
    expect(lambda one: one.version == "2", versions=["2"])
    expect(lambda one: one.segment == "*", segments=["*"])
    expect(lambda one: one.column == "dep_delay", columns=["dep_delay"])
    expect(lambda one: one.metric == "psi", metrics=["psi"])
    expect(lambda one: one.window == 7, windows=[7])
    assert store.metrics("flight_delay", versions=[]) == []
    assert store.metrics("nobody") == []


def test_the_table_holds_the_same(store: History):
    rows = [record(), record(version="2", value=None, low=None, high=None, n=0, reason="no rows")]
    put(store, *rows)
    assert store.metrics_table("flight_delay").to_pylist() == [row.as_dict() for row in rows]
    empty = store.metrics_table("nobody")
    assert empty.num_rows == 0
    assert empty.schema == store.metrics_table("flight_delay").schema


HOSTILE = [
    "origin='; DROP TABLE metrics; --",
    "origin=\x00",
    "origin=\\x00",
    "origin=\ud800",
    "origin=" + "é" * 5_000,
    "origin=" + "é" * 5_001,
    "origin=%(model)s :model",
]


def test_hostile_names_are_kept_apart_and_found_again(store: History):
    put(store, *(record(segment=name, column=name, version=name) for name in HOSTILE[:1] + HOSTILE[2:]))
    put(store, *(record(segment=name, column=name, version=name) for name in HOSTILE[2:] + HOSTILE[:1]))

    assert len(store.metrics("flight_delay")) == len(HOSTILE) - 1
    for name in HOSTILE[2:]:
        assert len(store.metrics("flight_delay", segments=[name])) == 1
    assert put(store, record(segment=HOSTILE[1])).inserted == 1


def test_ten_thousand_records_are_replaced(store: History):
    rows = [record(segment=f"origin={i % 100}", column=f"c{i // 100}") for i in range(10_000)]
    changed = [replace(row, value=0.5) for row in rows]

    assert put(store, *rows) == Changes(inserted=10_000)
    assert put(store, *rows) == Changes(unchanged=10_000)
    assert put(store, *changed) == Changes(updated=10_000)


def test_of_two_runs_of_one_night_one_wins_whole(store_url: str):
    def run(value):
        with History.open(store_url) as mine:
            barrier.wait()
            for _ in range(5):
                put(mine, *(record(column=f"c{i}", value=value) for i in range(50)))

    barrier = threading.Barrier(2)
    threads = [threading.Thread(target=run, args=(value,)) for value in (0.1, 0.9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with History.open(store_url) as store:
        found = store.metrics("flight_delay")
        assert len(found) == 50
        assert len({one.value for one in found}) == 1
