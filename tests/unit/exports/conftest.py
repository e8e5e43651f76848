"""The filled store, its page, and a Prometheus that scrapes it."""

import threading
from types import SimpleNamespace

import pytest
import yaml

from obs_dagster.catalogue import monitors_of
from obs_dagster.exports.collect import collect
from obs_dagster.exports.server import listen
from obs_dagster.history import History
from obs_dagster.settings import Settings
from tests.health import DAY, NOW, described, fill
from tests.servers import asked, prometheus_at, until


@pytest.fixture(scope="package")
def filled(tmp_path_factory):
    """The filled store, its models, and what is collected of it. To be read only."""
    home = tmp_path_factory.mktemp("exports")
    folder = home / "monitors"
    folder.mkdir()
    for model in ("risk", "idle"):
        (folder / f"{model}.yaml").write_text(yaml.safe_dump(described(model)))
    monitors = monitors_of(folder)
    settings = Settings(home=home, monitors=folder, database_url=f"sqlite:///{home / 'history.db'}")
    with History.open(settings.history_url) as history:
        fill(history)
        samples = collect(history, monitors, NOW, series=2_000)
        yield SimpleNamespace(
            history=history, monitors=monitors, samples=samples, now=NOW, day=DAY, settings=settings
        )


@pytest.fixture(scope="package")
def scraped(filled):
    """The address of the page of the filled store, as `obs metrics serve` serves it."""
    with listen(filled.settings, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


@pytest.fixture(scope="package")
def prometheus(scraped, tmp_path_factory):
    """The address of a Prometheus that scrapes this page, and takes remote writes."""
    with prometheus_at(tmp_path_factory.mktemp("prometheus"), scraped) as url:
        until("the page was scraped", lambda: asked(url, "obs_build_info"))
        yield url
