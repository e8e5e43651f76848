"""Settings that a log contradicts are named, with what they lead to and what to write."""

import numpy as np
import pandas as pd
import pytest

from obs_dagster.sources.files import connect
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.misread import misreadings


@pytest.fixture
def told(small, day):
    """What is said of a log in CSV, by the key that it is about."""

    def found(sep=",", decimal=".", drop=(), columns=None, **keys):
        world = small()
        logs = world.monitor.logs.model_dump(exclude_unset=True)
        world.changes["logs"] = logs | {"source": "csv", "path": "{day}.csv"} | keys
        frame = world.rows(day, 60).assign(**(columns or {})).drop(columns=list(drop))
        world.root.mkdir(exist_ok=True)
        frame.to_csv(world.root / f"{day}.csv", index=False, sep=sep, decimal=decimal)
        with connect() as connection:
            source = LogPath.of(world.monitor).files()
            return {each.keys: each for each in misreadings(connection, world.monitor, source, 1_000)}

    return found


@pytest.mark.parametrize(
    ("unit", "leads"), [("s", "of no day before the year 10000"), ("us", "of the day 1970-01-20")]
)
def test_a_unit_that_leads_to_another_day(told, unit, leads):
    found = told(columns={"at": 1709546400123}, times={"unit": unit})[("logs", "times", "unit")]
    assert leads in found.text
    assert "as ms it is of 2024-03-04: write `unit: ms`" in found.text
    assert found.certain


def test_times_that_are_not_read(told):
    found = told(columns={"at": "31.12.2024 10:00"})[("logs", "times")]
    assert 'write `times: {format: "%d.%m.%Y %H:%M"}`' in found.text
    assert "say in `logs.times`" in told(columns={"at": "soon"})[("logs", "times")].text


def test_scores_of_another_scale(told):
    p = np.linspace(0.01, 0.99, 60)
    assert "scale: percent" in told(columns={"score": 100 * p})[("logs", "scale")].text
    assert "scale: log_odds" in told(columns={"score": np.log(p / (1 - p))})[("logs", "scale")].text
    assert not told(columns={"score": 100 * p}, scale="percent")
    assert not told(columns={"score": [*p[:59], 1.2]})
    [found] = told(columns={"score": p}, scale="percent").values()
    assert not found.certain


def test_numbers_of_another_dialect(told):
    found = told(sep=";", decimal=",")[("logs", "csv")]
    assert 'write `csv: {decimal: ","}`' in found.text
    assert not told(sep=";", decimal=",", csv={"decimal": ","})
    missing = pd.Series(["NA", "1.5"] * 30)
    assert 'write `csv: {nulls: ["NA"]}`' in told(columns={"temp": missing})[("logs", "csv")].text


def test_a_log_as_it_should_be(told):
    assert not told()
    assert not told(drop=["at", "score"])
