"""Event files, as the real TensorBoard shows them."""

import datetime as dt
import sys
from pathlib import Path

import httpx
import pytest

from obs_dagster.exports.naming import gauge_of
from obs_dagster.exports.way import way_of
from obs_dagster.metrics.registry import definition
from tests.servers import free_port, running

pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")

DAYS = [dt.date(2024, 3, 8), dt.date(2024, 3, 9)]
SCALARS = "data/plugin/scalars"


def recall(value, day, **labels):
    at = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    about = {"model": "risk", "version": "v/1", "segment": "*", "window": "7"} | labels
    return gauge_of(definition("recall")).of(value, at, **about)


def test_a_version_is_a_run_a_day_a_step_and_a_correction_takes_its_place(tmp_path):
    folder, port = tmp_path / "trends", free_port()
    url = f"tensorboard://{folder}"
    cell = recall(0.1, DAYS[0], segment="city=Köln")
    for day, value in ((DAYS[1], 0.7), (DAYS[0], 0.9), (DAYS[0], 0.8)):
        way_of(url).send_day(url, [recall(value, day), cell], day)
    options = ["--logdir", str(folder), "--port", str(port), "--host", "127.0.0.1", "--load_fast=false"]
    command = [str(Path(sys.executable).with_name("tensorboard")), *options]
    run, tag = "risk/version v%2F1", "recall_ratio/7 days"

    def shown():
        asked = {"run": run, "tag": tag}
        return httpx.get(f"http://127.0.0.1:{port}/{SCALARS}/scalars", params=asked).raise_for_status()

    with running(command, tmp_path, shown):
        points = shown().json()
        tags = httpx.get(f"http://127.0.0.1:{port}/{SCALARS}/tags").json()
    assert {name: [*those] for name, those in tags.items()} == {run: [tag]}, "cells are left out"
    assert [round(value, 6) for _, _, value in points] == [0.8, 0.7]
    assert [dt.date(1970, 1, 1) + dt.timedelta(days=step) for _, step, _ in points] == DAYS
