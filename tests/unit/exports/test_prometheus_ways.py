"""Pushgateway and remote write, against Prometheus' own servers and VictoriaMetrics."""

import datetime as dt
from contextlib import suppress

import httpx
import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.exports.sample import Gauge
from obs_dagster.exports.way import way_of
from tests.health import HOSTILE
from tests.servers import answers, asked, free_port, program, running, until

GAUGE = Gauge("obs_model_psi", "Moved.", ("model", "segment"))


def sent(url, samples, now=None):
    way_of(url).send(url, samples, now or dt.datetime.now(dt.UTC))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    port = free_port()
    command = [program("prometheus-pushgateway", "pushgateway"), f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, tmp_path_factory.mktemp("gateway"), answers(f"http://127.0.0.1:{port}/-/ready")):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def victoria(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("victoria"), free_port()
    command = [
        program("victoria-metrics"),
        f"-storageDataPath={folder}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-search.latencyOffset=0s",
    ]
    with running(command, folder, answers(f"http://127.0.0.1:{port}/health")):
        yield f"127.0.0.1:{port}"


def test_the_gateway_has_every_sample_and_what_is_gone_goes_there_too(gateway, filled):
    url = f"pushgateway+http://{gateway}?job=ours"
    sent(url, filled.samples)
    text = httpx.get(f"http://{gateway}/metrics").text
    for each in ('obs_model_psi{column="income"', 'job="ours"', "# HELP obs_last_night_rows Predictions"):
        assert each in text
    sent(url, [each for each in filled.samples if each.name != "obs_model_psi"])
    assert "obs_model_psi{" not in httpx.get(f"http://{gateway}/metrics").text


def test_prometheus_takes_the_present_by_remote_write(prometheus, filled):
    sent(f"remote-write+{prometheus}/api/v1/write", filled.samples)
    written = '{__name__=~"obs_.+", job="obs", instance="", model!="corrected"}'
    found = {
        (series["metric"]["__name__"], *(series["metric"].get(name) for name in ("version", "segment")))
        for series in until("it is written", lambda: asked(prometheus, written))
    }
    assert found == {
        (each.name, each.about.get("version"), each.about.get("segment")) for each in filled.samples
    }
    (series,) = asked(prometheus, 'obs_model_latency_p95_seconds{instance="", segment!="*"}')
    assert (series["metric"]["segment"], float(series["value"][1])) == (HOSTILE, 0.095)


def test_prometheus_keeps_the_first_of_two_values_at_one_moment_so_corrections_belong_to_sql(prometheus):
    url, now = f"remote-write+{prometheus}/api/v1/write", dt.datetime.now(dt.UTC)
    sent(url, [GAUGE.of(1.0, model="corrected")], now)
    # some versions say so, others drop it in silence
    with suppress(ChannelError):
        sent(url, [GAUGE.of(2.0, model="corrected")], now)
    (series,) = until("it is written", lambda: asked(prometheus, 'obs_model_psi{model="corrected"}'))
    assert float(series["value"][1]) == 1.0


def test_many_series_are_several_requests(victoria):
    samples = [GAUGE.of(number, model=f"m{number}") for number in range(4_500)]
    sent(f"remote-write+http://{victoria}/api/v1/write", samples)
    assert float(counted(victoria, "sum(obs_model_psi)")) == sum(range(4_500))


def test_influx_lines_keep_their_labels_and_moments(victoria, filled):
    url = f"influx+http://{victoria}/write?db=obs"
    sent(url, filled.samples)
    day = next(each for each in filled.samples if each.name == "obs_model_latency_p95_seconds").at
    query = 'obs_model_latency_p95_seconds_value{version="1"}'
    found = until("it is written", lambda: select(victoria, query, day))
    cells = {series["metric"].get("segment"): float(series["value"][1]) for series in found}
    assert cells == {"*": 0.12, HOSTILE.replace("\\", "%5C").replace("\n", "%0A"): 0.095}


def counted(victoria, query):
    return until("it is written", lambda: select(victoria, query))[0]["value"][1]


def select(victoria, query, at=None):
    httpx.get(f"http://{victoria}/internal/force_flush")
    params = {"query": query, **({"time": at.timestamp()} if at else {})}
    return httpx.get(f"http://{victoria}/api/v1/query", params=params).json()["data"]["result"]
