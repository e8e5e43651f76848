"""Requests and responses in files of different days are one row, of the day of the request."""

import datetime as dt
import itertools
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from obs_dagster.quality.day import validate_day
from obs_dagster.retention.purge import Kept, purge
from obs_dagster.sources.changed_logs import changed_days, really_changed
from obs_dagster.sources.forgotten import remember_forgotten
from obs_dagster.sources.halves import HALVES, WAIT, forget_halves
from obs_dagster.sources.ingest import LOGS, ingest_logs

ONE = dt.timedelta(days=1)


def event(side, key, at, body):
    return {
        "specversion": "1.0",
        "type": f"org.kubeflow.serving.inference.{side}",
        "id": key,
        "time": at,
        "inferenceservicename": "1",
        "data": body,
    }


def request(key, day, rows=1, clock="23:59:59"):
    features = [{"temp": 1.5, "hour": 23, "carrier": "AA"}] * rows
    return event("request", key, f"{day}T{clock}Z", {"instances": features})


def response(key, day, rows=1, clock="00:00:01"):
    return event("response", key, f"{day}T{clock}Z", {"predictions": [{"score": 0.25}] * rows})


@pytest.fixture
def world(small):
    """A world whose log is captures; `put` writes the events of a day."""
    found = small()
    columns = {"prediction_id": "prediction_id", "time": "time", "version": "version", "score": "score"}
    found.changes["logs"] = {"source": "capture", "path": "logs/{day}.jsonl", "columns": columns}
    return found


def put(world, day, *events):
    path = world.root / f"logs/{day}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(each)}\n" for each in events), encoding="utf-8")
    # no two contents at one moment
    moment = path.stat().st_mtime_ns + len(events)
    os.utime(path, ns=(moment, moment))


def ingested(world, day, lake=None):
    lake = lake or world.lake
    found = ingest_logs(world.monitor, day, lake)
    return found, lake.table("small", LOGS).read(day).to_pylist()


def changed(world):
    return {each.day: each for each in changed_days(world.monitor, world.lake)}


def good(rows):
    return {row["prediction_id"]: row["score"] for row in rows if row["capture_error"] is None}


def test_a_response_of_the_next_day_makes_the_request_a_row_of_its_own_day(world, day):
    put(
        world,
        day,
        request("late", day, rows=2),
        request("own", day),
        response("own", day, clock="23:59:59.5"),
    )
    found, rows = ingested(world, day)
    assert good(rows) == {"own": 0.25}
    assert found.halves == "1 requests without a response"
    reasons = {row["capture_error"] for row in rows} - {None}
    assert reasons == {
        (
            f"there is no response; a response in the files of {day - WAIT * ONE} to {day + WAIT * ONE} "
            "is joined when it comes"
        )
    }
    put(
        world,
        day + ONE,
        response("late", day + ONE, rows=2),
        request("next", day + ONE),
        response("next", day),
    )
    found, rows = ingested(world, day + ONE)
    assert good(rows) == {"next": 0.25}
    assert len(rows) == 1
    assert found.halves == f"1 response went to requests of {day}"
    assert really_changed(world.monitor, world.lake, changed(world)[day])
    found, rows = ingested(world, day)
    assert good(rows) == {"late:0": 0.25, "late:1": 0.25, "own": 0.25}
    assert {float(row["latency_ms"]) for row in rows if "late" in row["prediction_id"]} == {2000.0}
    assert found.halves == f"1 response came from the files of {day + ONE}"
    assert changed(world) == {}
    assert validate_day(world.monitor, day, world.lake).quarantined == 0


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_days_makes_no_difference(world, day, data, tmp_path_factory):
    """Whichever order days are read in, once none has changed the rows are those of one pool of events."""
    days = [day + each * ONE for each in range(3)]
    places = data.draw(
        st.lists(st.tuples(st.sampled_from(days), st.sampled_from([*days, None])), min_size=1, max_size=6)
    )
    files = {each: [] for each in days}
    for number, (asked, answered) in enumerate(places):
        files[asked].append(request(f"r{number}", asked))
        if answered is not None:
            files[answered].append(response(f"r{number}", answered))
    for each, events in files.items():
        # what a day has not, no file has
        put(world, each, *events, request("own", each), response("own", each))
    order = data.draw(st.permutations(days))
    world.bucket = tmp_path_factory.mktemp("lake")
    for each in order:
        ingested(world, each)
    for _ in range(len(days)):
        for each in changed(world):
            ingested(world, each)
    assert changed(world) == {}
    for each in days:
        expected = {f"r{n}" for n, (asked, answered) in enumerate(places) if asked == each and answered}
        rows = world.lake.table("small", LOGS).read(each).to_pylist()
        assert set(good(rows)) == expected | {"own"}
        alone = sum(asked == each and answered is None for asked, answered in places)
        assert len(rows) == len(expected) + 1 + alone


def test_reading_a_day_again_changes_nothing(world, day):
    put(world, day, request("late", day), response("early", day))
    _, first = ingested(world, day)
    kept = world.lake.table("small", HALVES).read(day).to_pylist()
    assert [(row["key"], row["side"]) for row in kept] == [
        ("cloud_events late", "request"),
        ("cloud_events early", "response"),
    ]
    _, again = ingested(world, day)
    assert again == first
    assert world.lake.table("small", HALVES).read(day).to_pylist() == kept
    put(world, day, request("late", day), response("late", day))
    ingested(world, day)
    assert world.lake.table("small", HALVES).days() == []


def test_what_is_alone_after_the_last_day_is_told(world, day):
    put(world, day, request("late", day), request("gone", day))
    put(world, day + ONE, response("late", day + ONE))
    ingested(world, day)
    for each in range(1, WAIT + 1):
        if each > 1:
            put(world, day + each * ONE, request("own", day), response("own", day))
        with capture_logs() as told:
            ingested(world, day + each * ONE)
        told = [line for line in told if line["event"] == "halves of requests stay alone"]
        assert len(told) == (each == WAIT)
    assert (told[0]["day"], told[0]["requests"], told[0]["responses"]) == (str(day), 1, 0)


def test_days_too_far_away_are_not_joined(world, day):
    put(world, day, request("late", day))
    far = day + (WAIT + 1) * ONE
    put(world, far, response("late", far))
    ingested(world, far)
    _, rows = ingested(world, day)
    assert good(rows) == {}


def test_halves_of_forgotten_ids_are_removed_and_not_kept_again(world, day):
    put(world, day, request("late", day, rows=2), request("other", day))
    ingested(world, day)
    assert forget_halves("small", world.lake, ["late:1"], dry_run=True) == 1
    assert forget_halves("small", world.lake, ["late:1"]) == 1
    assert forget_halves("small", world.lake, ["late:1"]) == 0
    remember_forgotten("small", world.lake, ["late:1"])
    ingested(world, day)
    kept = world.lake.table("small", HALVES).read(day).to_pylist()
    assert [row["key"] for row in kept] == ["cloud_events other"]


def test_halves_go_with_the_rows_of_the_log(world, day):
    put(world, day, request("late", day))
    ingested(world, day)
    world.changes["retention"] = {"logs": 1}
    purge(Kept(world.monitor, world.lake, None, world.root, day + 5 * ONE))
    assert world.lake.table("small", HALVES).days() == []


def test_a_killed_run_leaves_what_was_there(world, day, monkeypatch):
    put(world, day, request("late", day))
    ingested(world, day)
    put(world, day + ONE, response("late", day + ONE))
    ingested(world, day + ONE)
    before = world.lake.table("small", LOGS).path(day).read_bytes()
    monkeypatch.setattr("obs_dagster.sources.ingest.find_strays", _killed)
    with pytest.raises(KeyboardInterrupt):
        ingested(world, day)
    assert world.lake.table("small", LOGS).path(day).read_bytes() == before
    monkeypatch.undo()
    assert good(ingested(world, day)[1]) == {"late": 0.25}


def _killed(*_):
    raise KeyboardInterrupt


def test_folders_by_day_of_utc_are_joined_too(world, day):
    """The day of a row is that of its time, and its halves may be in files of two folders beside it."""
    world.changes["time_zone"] = "America/New_York"
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"day_of": "time"}
    # 20:30 of the day before in New York
    after = day + ONE
    put(world, after, request("late", after, clock="00:30:00"), request("noon", after, clock="16:00:00"))
    put(world, after + ONE, response("late", after + ONE), response("noon", after + ONE))
    for each in (day, after, after + ONE):
        ingested(world, each)
    for each in changed(world):
        ingested(world, each)
    assert changed(world) == {}
    table = world.lake.table("small", LOGS)
    assert set(good(table.read(day).to_pylist())) == {"late"}
    assert set(good(table.read(after).to_pylist())) == {"noon"}


def test_files_without_days_are_joined_with_each_other(world, day):
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"path": "logs/*.jsonl"}
    put(world, "a-request", request("late", day), request("other", day))
    put(world, "a-response", response("late", day + ONE))
    _, rows = ingested(world, day)
    assert good(rows) == {"late": 0.25}
    put(world, "b-response", response("other", day + ONE))
    assert really_changed(world.monitor, world.lake, changed(world)[day])
    assert set(good(ingested(world, day)[1])) == {"late", "other"}


def test_many_halves_are_joined_one_by_one(world, day):
    keys = [f"{number:05}" for number in range(2_500)]
    put(world, day, *(request(key, day) for key in keys))
    put(world, day + ONE, *(response(key, day + ONE) for key in itertools.chain(keys[::2], ["stray"])))
    ingested(world, day + ONE)
    found, rows = ingested(world, day)
    assert set(good(rows)) == set(keys[::2])
    assert len(rows) == len(keys)
    assert (
        found.halves
        == f"1,250 requests without a response; 1,250 responses came from the files of {day + ONE}"
    )
