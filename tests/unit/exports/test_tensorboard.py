"""Event files, as TensorBoard's own loader reads them."""

import datetime as dt

import pytest

from obs_dagster.exports.naming import gauge_of
from obs_dagster.exports.way import way_of
from obs_dagster.metrics.registry import definition

pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")

DAYS = [dt.date(2024, 3, 8), dt.date(2024, 3, 9)]


def recall(value, day, **labels):
    at = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    about = {"model": "risk", "version": "v/1", "segment": "*", "window": "7"} | labels
    return gauge_of(definition("recall")).of(value, at, **about)


def test_a_version_is_a_run_a_day_a_step_and_a_correction_takes_its_place(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    url = f"tensorboard://{tmp_path}"
    cell = recall(0.1, DAYS[0], segment="city=Köln")
    for day, value in ((DAYS[1], 0.7), (DAYS[0], 0.9), (DAYS[0], 0.8)):
        way_of(url).send_day(url, [recall(value, day), cell], day)
    assert {each.name for each in (tmp_path / "risk").iterdir()} == {"version v%2F1"}
    read = EventAccumulator(str(tmp_path / "risk" / "version v%2F1"))
    read.Reload()
    assert read.Tags()["scalars"] == ["recall_ratio/7 days"], "cells are left out"
    scalars = read.Scalars("recall_ratio/7 days")
    assert [round(each.value, 6) for each in scalars] == [0.8, 0.7]
    assert [dt.date(1970, 1, 1) + dt.timedelta(days=each.step) for each in scalars] == DAYS
