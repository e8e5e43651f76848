"""The page that Prometheus scrapes, by a real one."""

import threading

import httpx
import pytest

from obs_dagster.errors import ObsError
from obs_dagster.exports.server import listen
from obs_dagster.settings import Settings
from tests.health import HOSTILE
from tests.servers import asked, until


def test_prometheus_scrapes_every_sample_with_its_labels(prometheus, filled):
    def holds():
        # a page that came too late for one scrape comes with the next
        query = 'obs_model_latency_p95_seconds{model="risk", version="1", segment!="*", instance!=""}'
        found = [(each["metric"]["segment"], float(each["value"][1])) for each in asked(prometheus, query)]
        assert found == [(HOSTILE, 0.095)]
        every = asked(prometheus, '{__name__=~"obs_.+", instance!=""}')
        named = {(each["metric"]["__name__"], each["metric"].get("state")) for each in every}
        assert named == {(each.name, each.labels.get("state")) for each in filled.samples}

    until("every sample is there", holds)


def test_a_store_that_cannot_be_read_is_down_and_not_empty(tmp_path):
    (tmp_path / "monitors").mkdir()
    (tmp_path / "history.db").write_bytes(b"no database at all, and long enough to be seen as such" * 20)
    settings = Settings(home=tmp_path, monitors=tmp_path / "monitors")
    with listen(settings, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        answer = httpx.get(server.url)
        elsewhere = httpx.get(server.url.replace("/metrics", "/"))
        server.shutdown()
        thread.join()
    assert (answer.status_code, elsewhere.status_code) == (503, 404)
    assert "history" in answer.text


def test_a_port_that_somebody_has_is_named():
    with listen(Settings(), "127.0.0.1", 0) as server, pytest.raises(ObsError, match="Nobody can listen"):
        listen(Settings(), "127.0.0.1", server.server_address[1])
