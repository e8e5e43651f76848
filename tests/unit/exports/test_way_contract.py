"""What holds for every way out: found by its scheme, honest about URLs, silent about their secrets."""

import datetime as dt
import socket

import pytest

from obs_dagster.errors import ObsError
from obs_dagster.exports.address import label_of
from obs_dagster.exports.sample import Gauge
from obs_dagster.exports.way import WAYS, problem_of, way_of

SCHEMES = sorted(scheme for way in WAYS.all().values() for scheme in way.schemes())
REMOTE = [each for each in SCHEMES if each not in ("textfile", "tensorboard", "statsd")]
SAMPLE = Gauge("obs_x", "Something.", ("model",)).of(1, model="m")
NOW = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)


def test_schemes_are_of_one_way_each():
    assert len(SCHEMES) == len(set(SCHEMES))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_url_that_is_none_is_refused_with_how_it_is_written(scheme):
    assert way_of(f"{scheme.upper()}://x") is way_of(f"{scheme}://x")
    for url in (f"{scheme}://host:hush/", f"{scheme}://[hush/"):
        assert problem_of(url)
        assert "hush" not in problem_of(url)


def test_what_no_way_takes_names_those_there_are():
    assert "graphite" in problem_of("gopher://host")
    assert way_of("graphite") is None


@pytest.mark.parametrize("scheme", REMOTE)
def test_a_place_that_nobody_has_costs_a_moment_and_says_that_it_was_not_reached(scheme):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"{scheme}://user:hunter2@127.0.0.1:{port}"
    with pytest.raises(ObsError) as caught:
        way_of(url).send(url, [SAMPLE], NOW)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_shown_of_a_url_holds_no_secret(scheme):
    assert label_of(f"{scheme}://user:hunter2@host.example:1/?token=hunter2") == f"{scheme}://host.example:1"
