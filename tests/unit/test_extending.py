"""The examples of docs/extending.md, installed as a distribution of a stranger, in a night."""

import datetime as dt
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather

from obs_dagster.alerts.channels.registry import CHANNELS, send
from obs_dagster.alerts.message import Message
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.catalogue import monitor_of
from obs_dagster.causes.states import signals_of
from obs_dagster.changes.cause import KINDS as CAUSES
from obs_dagster.changes.cause import suspected
from obs_dagster.changes.pair import Numbers
from obs_dagster.dashboards.board import BOARDS, all_boards, document
from obs_dagster.dashboards.dialect import DIALECTS
from obs_dagster.engine.protocol import engine_of
from obs_dagster.explain.loading import ADAPTERS
from obs_dagster.exports.collect import collect
from obs_dagster.exports.gauges import gauges
from obs_dagster.exports.reading import READINGS
from obs_dagster.exports.way import WAYS, problem_of, way_of
from obs_dagster.history import History
from obs_dagster.monitor import MonitorError
from obs_dagster.monitor.baseline import BASELINES
from obs_dagster.monitor.component import COMPONENTS
from obs_dagster.monitor.editor_schema import json_schema
from obs_dagster.monitor.engine import ENGINES
from obs_dagster.monitor.source import SOURCES
from obs_dagster.monitor.system import Components
from obs_dagster.monitor.task import TASKS
from obs_dagster.sources.captures.capture import CAPTURES, capture_of
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.spans.convention import CONVENTIONS
from obs_dagster.spans.form import FORMS
from obs_dagster.spans.reading import SpanFiles, spans_query
from tests.extension import forget, install

GUIDE = Path(__file__).parents[2] / "docs" / "extending.md"
_KINDS = (
    TASKS,
    SOURCES,
    CAPTURES,
    FORMS,
    CONVENTIONS,
    BASELINES,
    ENGINES,
    CHANNELS,
    CAUSES,
    COMPONENTS,
    ADAPTERS,
    WAYS,
    READINGS,
    BOARDS,
)
GROUPS = {kinds.group: kinds for kinds in _KINDS}
WEEK = dt.timedelta(days=7)


def blocks(language):
    """The code of the guide by the file that its first line names."""
    text = GUIDE.read_text(encoding="utf-8")
    return dict(re.findall(rf"```{language}\n# (\S+)\n(.*?)```", text, flags=re.DOTALL))


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Installs the guide's distribution."""
    modules = {name.removesuffix(".py"): source for name, source in blocks("python").items()}
    written = tomllib.loads(blocks("toml")["pyproject.toml"])["project"]["entry-points"]
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    install(tmp_path / "site", "house", modules, {group: each["house"] for group, each in written.items()})
    yield written
    monkeypatch.undo()
    forget(modules)


@pytest.fixture
def world(small, day):
    """A model whose task, source, baseline and engine are all the stranger's."""
    made = small(
        task="anomaly_detection",
        labels=None,
        baseline={"kind": "same_weekday", "weeks": 2},
        engine="timed",
        windows=[1],
    )
    made.changes["logs"] = {
        "source": "feather",
        "path": "logs/{day}.feather",
        "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
    }
    for when in (day, day + WEEK):
        path = made.root / f"logs/{when}.feather"
        path.parent.mkdir(parents=True, exist_ok=True)
        feather.write_feather(pa.Table.from_pandas(made.rows(when), preserve_index=False), str(path))
    return made


def test_the_guide_has_every_group(house):
    assert set(house) == {*GROUPS, "obs_dagster.metrics"}
    for group in GROUPS:
        assert f"`{group}`" in GUIDE.read_text(encoding="utf-8")


def test_a_night_with_nothing_but_new_files(house, world, day):
    world.night(day)
    records = {
        (record.metric, record.column, record.segment): record
        for record in world.night(day + WEEK)
        if record.version == "1"
    }
    assert world.monitor.task in TASKS.all()
    assert (type(baseline_of(world.monitor)).__name__, type(engine_of(world.monitor)).__name__) == (
        "SameWeekday",
        "Timed",
    )
    assert records["requests_per_second", "", "*"].value == pytest.approx(200 / 86_400)
    assert records["requests_per_second", "", "*"].definition == "requests_per_second/house/1"
    moved = records["psi", "score", "*"]
    assert (moved.value is not None, moved.n) == (True, 200)
    assert records["psi", "temp", "*"].value is not None


def test_a_form_of_capture_makes_rows_of_its_records(house):
    call = {"house_call": "c1", "at": "2024-03-04T10:00:00Z", "asked": {"amount": 7}, "said": {"score": 0.5}}
    assert list(capture_of(call).rows([call])) == [
        {"prediction_id": "c1", "request_id": "c1", "time": call["at"], "amount": 7, "score": 0.5}
    ]


def test_spans_of_a_stranger_are_components(house, tmp_path):
    step = {
        "step": "b",
        "flow": "f",
        "of": "a",
        "what": "answer",
        "at": 1772359200000,
        "until": 1772359201000,
    }
    file = tmp_path / "steps.jsonl"
    file.write_text(json.dumps(step | {"ok": False, "house_kind": "generation", "house_tokens": 7}))
    with connect() as connection:
        query = spans_query(connection, Components(path="x"), SpanFiles((file,), 0, 1 << 62, ()))
        [row] = connection.sql(query).to_arrow_table().to_pylist()
    assert (row["component"], row["tokens_in"], row["failed"]) == ("llm answer", 7, 1)
    assert row["ended"] - row["began"] == 10**9


def test_the_first_night_says_why_it_has_no_baseline(house, world, day):
    found = [record for record in world.night(day) if record.metric == "psi" and record.column == "temp"]
    assert found
    assert all("no rows on a Monday of the 2 weeks before" in record.reason for record in found)


def test_the_monitor_file_may_name_what_was_installed(house, world, tmp_path):
    file = write(tmp_path, world)
    monitor = monitor_of(file, environ={})
    assert (monitor.baseline.weeks, monitor.engine.kind) == (2, "timed")
    kinds = json_schema()["$defs"]
    assert {"SameWeekday", "Timed"} <= set(kinds)
    assert "feather" in kinds["Logs"]["properties"]["source"]["enum"]


def test_what_is_legal_is_what_is_installed(house, world, tmp_path):
    world.changes["logs"] |= {"source": "fether"}
    world.changes["baseline"] = {"kind": "same_weekda"}
    with pytest.raises(MonitorError) as caught:
        monitor_of(write(tmp_path, world), environ={})
    told = str(caught.value)
    sources = "capture, csv, jsonl, parquet, delta, ibis, iceberg, profiles, feather"
    assert f"Did you mean 'feather'? Legal: {sources}." in told
    baselines = "days, rolling, training, training_table, same_weekday"
    assert f"Did you mean 'same_weekday'? Legal: {baselines}." in told


def test_a_damaged_file_is_named(house, tmp_path):
    from obs_dagster.errors import SourceError
    from obs_dagster.sources.files import connect

    file = tmp_path / "broken.feather"
    file.write_bytes(b"ARROW1 no more")
    with connect() as connection, pytest.raises(SourceError, match=r"broken\.feather as feather"):
        SourceFiles.find("feather", str(file)).relation(connection)


def test_a_message_goes_where_the_channel_takes_it(house, tmp_path):
    message = Message("k:1", "firing", "warning", "it fires", "body", {"model": "small"})
    send(f"lines://{tmp_path}/alerts.jsonl", message)
    assert json.loads((tmp_path / "alerts.jsonl").read_text()) == {
        "key": "k:1",
        "title": "it fires",
        "model": "small",
    }


def test_a_reading_is_sent_by_a_way_and_drawn_on_a_dashboard(house, world, tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        now = dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
        samples = collect(history, {"small": world.monitor}, now, series=100)
    url = f"spool://{tmp_path}/samples"
    assert problem_of(url) == ""
    way_of(url).send(url, samples, now)
    sent = [json.loads(line) for line in (tmp_path / "samples").read_text().splitlines()]
    assert ["obs_house_features", {"model": "small"}, len(world.monitor.features), ""] in sent
    for dialect in DIALECTS:
        (board,) = (each for each in all_boards(dialect) if each.name == "house")
        assert document(board, dialect)["panels"][1]["targets"][0]["expr"] in gauges()


def test_nothing_of_it_is_left(world):
    assert not [name for kinds in GROUPS.values() for name in kinds.all() if name in ("feather", "timed")]
    with pytest.raises(ValueError, match="feather"):
        world.monitor  # noqa: B018  it is made anew each time


def write(folder, world):
    changes = {key: value for key, value in world.changes.items() if value is not None}
    file = folder / "small.yaml"
    described = {
        "model": "small",
        "start": "2024-03-04",
        "features": {"temp": {"type": "number"}},
        **changes,
        "alerts": [{"name": "busy", "metric": "requests_per_second", "above": 1, "severity": "info"}],
    }
    file.write_text(json.dumps(described))
    return file


def test_a_cause_of_a_stranger_is_suspected(house, raw):
    rng = np.random.default_rng(1)
    before, after = (rng.lognormal(4, 1, n) for n in (9000, 3000))
    cause = suspected(Numbers(raw.on_shape(before, before), raw.on_shape(np.log(after), before)))
    assert cause.told == "logarithms of the values?"


def test_a_component_of_a_stranger_has_states_and_may_be_declared(house, world, tmp_path):
    world.changes["causes"] = {"edges": ["load -> service"]}
    monitor = monitor_of(write(tmp_path, world), environ={})
    signals = {each.metric for each in signals_of(monitor)}
    assert monitor.causes.declared == (("load", "service"),)
    assert "requests_per_second" in signals
