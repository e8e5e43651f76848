"""Nights are published by one process at a time."""

import datetime as dt
from contextlib import contextmanager

from obs_dagster.history import History
from obs_dagster.lake.lake import read_json, write_json
from obs_dagster.reports import catch_up
from obs_dagster.reports.catch_up import publish_nights

ONE = dt.timedelta(days=1)


def test_what_another_process_has_published_meanwhile_is_known(small, day, tmp_path, monkeypatch):
    world = small()
    world.train("1")
    days = [day, day + ONE]
    for each in days:
        world.log(each, world.rows(each))
        world.night(each)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    ledger = world.lake.folder("small", "mlflow") / "published.json"
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        publish_nights(world.tonight, days, history, uri)
        published = read_json(ledger)
        ledger.unlink()

        held = []

        @contextmanager
        def after_another(path):
            held.append(path)
            write_json(ledger, published)
            yield

        monkeypatch.setattr(catch_up, "alone", after_another)
        publish_nights(world.tonight, [day + ONE], history, uri)
        assert read_json(ledger).keys() == published.keys()
        assert held == [ledger.with_name(".publishing")]
