"""Redis, by the real server: hashes of the present, a stream of rate, errors and duration."""

import datetime as dt

import pytest

from obs_dagster.exports.naming import gauge_of
from obs_dagster.exports.way import way_of
from obs_dagster.metrics.registry import definition
from tests.servers import connects, free_port, program, running

redis = pytest.importorskip("redis", reason="the extra `redis` is not installed")

DAY = dt.date(2024, 3, 9)
AT = dt.datetime(2024, 3, 9, 23, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    command = [
        program("redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--requirepass",
        "pw",
    ]
    with running(command, tmp_path_factory.mktemp("redis"), connects(port)):
        yield f"redis://:pw@127.0.0.1:{port}/0"


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server, decode_responses=True) as client:
        client.flushall()
        yield client


def triplet(rows, errors=None, p95=250.0):
    about = {"model": "risk", "version": "1", "segment": "*", "window": "1"}
    given = {"volume": rows, "error_share": errors, "latency_p95": p95 / 1000}
    return [
        gauge_of(definition(name)).of(value, AT, **about)
        for name, value in given.items()
        if value is not None
    ]


def test_the_present_is_a_hash_that_is_replaced_whole(server, client, filled):
    way_of(server).send(server, filled.samples, filled.now)
    of_version = client.hgetall("obs:risk:1")
    assert float(of_version["obs_model_latency_p95_seconds{segment=*,window=1}"]) == 0.12
    assert float(client.hget("obs:risk", "obs_last_night_rows")) == 507
    assert "obs_export_timestamp_seconds" in client.hgetall("obs")
    less = [each for each in filled.samples if each.name != "obs_model_psi"]
    way_of(server).send(server, less, filled.now)
    assert set(of_version) - set(client.hgetall("obs:risk:1")) == {
        "obs_model_psi{segment=*,column=income,window=7}"
    }


def test_each_day_is_an_entry_of_the_stream_once_and_once_more_when_it_was_corrected(server, client):
    url = f"{server}?prefix=prod"
    for rows in (43_200, 43_200, 86_400):
        way_of(url).send_day(url, triplet(rows, 0.01), DAY)
    entries = [fields for _, fields in client.xrange("prod:red:risk:1")]
    assert entries == [
        {"day": "2024-03-09", "rate": rate, "errors": "0.01", "duration_p95": "0.25"}
        for rate in ("0.5", "1.0")
    ]
    assert client.hlen("prod:red:risk:1:days") == 1


def test_what_the_log_does_not_tell_is_left_out(server, client):
    way_of(server).send_day(server, triplet(86_400), DAY)
    ((_, fields),) = client.xrange("obs:red:risk:1")
    assert set(fields) == {"day", "rate", "duration_p95"}


def test_where_the_server_has_time_series_every_sample_is_one(filled, monkeypatch):
    from obs_dagster.exports.ways.redis import _add_series, _has_series

    said = []

    class Pipe:
        def execute_command(self, *args):
            said.append(args)

    class Client:
        def module_list(self):
            return [{b"name": b"timeseries", b"ver": 11_000}]

    assert _has_series(Client())
    _add_series(Pipe(), "obs", triplet(86_400)[:1], filled.now)
    assert said == [
        (
            "TS.ADD",
            "obs:ts:obs_model_volume_rows:model=risk:version=1:segment=*:window=1",
            int(AT.timestamp() * 1000),
            86_400.0,
            "ON_DUPLICATE",
            "LAST",
            "LABELS",
            *(
                "name",
                "obs_model_volume_rows",
                "model",
                "risk",
                "version",
                "1",
                "segment",
                "*",
                "window",
                "1",
            ),
        )
    ]
