"""StatsD, by its own server where npm has installed it, and by the form that its documentation gives."""

import datetime as dt
import re
import socket

import pytest

from obs_dagster.exports.sample import Gauge
from obs_dagster.exports.way import way_of
from tests.servers import connects, free_port, program, running, until

NOW = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
BIAS = Gauge("obs_model_bias", "Mean error.", ("model", "segment"))


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        yield receiver


def received(receiver):
    packets = []
    while True:
        try:
            packets.append(receiver.recv(65_536))
        except TimeoutError:
            return packets


@pytest.mark.parametrize(
    ("options", "form"),
    [
        ("", r"[^:|@\s]+:-?[0-9.e+-]+\|g"),
        ("?tags=dogstatsd", r"[^:|@\s]+:-?[0-9.e+-]+\|g(\|#[^:|,\s]+:[^|,\s]*(,.+)?)?"),
    ],
)
def test_every_packet_is_in_the_documented_form_and_fits_any_network(receiver, filled, options, form):
    url = f"statsd://127.0.0.1:{receiver.getsockname()[1]}{options}"
    way_of(url).send(url, filled.samples, NOW)
    packets = received(receiver)
    assert max(map(len, packets)) <= 1_432
    lines = [line for packet in packets for line in packet.decode().split("\n")]
    assert [line for line in lines if not re.fullmatch(form, line)] == []
    assert len(lines) == len(filled.samples), "none of the values is negative"


def test_the_real_server_has_the_gauges_also_below_zero(tmp_path):
    command = program("statsd")
    port, console = free_port(socket.SOCK_DGRAM), free_port()
    config = f'port: {port}, mgmt_port: {console}, address: "127.0.0.1", mgmt_address: "127.0.0.1"'
    (tmp_path / "config.js").write_text(f"{{{config}, backends: []}}")
    with running([command, str(tmp_path / "config.js")], tmp_path, connects(console)):
        url = f"statsd://127.0.0.1:{port}?prefix=prod"
        way_of(url).send(
            url, [BIAS.of(-1.5, model="m", segment="*"), BIAS.of(7, model="m", segment="a:b c")], NOW
        )

        def gauges():
            with socket.create_connection(("127.0.0.1", console)) as asked:
                asked.sendall(b"gauges\n")
                asked.settimeout(1)
                said = asked.recv(65_536).decode()
            return dict(re.findall(r"'?(prod[^']+)'?: (-?[0-9.]+)", said))

        assert until("it has them", gauges) == {
            "prod.obs_model_bias.model.m.segment.all": "-1.5",
            "prod.obs_model_bias.model.m.segment.a_3Ab_20c": "7",
        }
