"""Decisions and boolean features: what is unambiguous is read, anything else is quarantined by its value."""

from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.ingest import LOGS, ingest_logs


@pytest.fixture
def decided(small, day):
    """Ingests and validates a day whose decisions have these values."""

    def run(values, *, labels=None, kind="parquet", **logs):
        world = small()
        monitor = world.monitor
        columns = monitor.logs.columns.model_dump() | {"prediction": "served"}
        world.changes["logs"] = monitor.logs.model_dump() | {"columns": columns, "source": kind} | logs
        world.changes["labels"] = monitor.labels.model_dump() | (labels or {})
        rows = world.rows(day, len(values)).assign(served=pd.Series(list(values)))
        world.log(day, rows, kind=kind)
        ingest_logs(world.monitor, day, world.lake)
        quality = validate_day(world.monitor, day, world.lake)
        return world, quality, world.lake.table("small", LOGS).read(day)["served"].to_pylist()

    return run


@pytest.mark.parametrize(
    ("values", "settings"),
    [
        ([True, False], {}),
        ([1, 0], {}),
        ([1.0, 0.0], {}),
        (["1", "0"], {}),
        (["1.0", "0.0"], {}),
        (["yes", "no"], {}),
        (["T", "F"], {}),
        ([2, 1], {"positive": 2, "negative": 1}),
        ([1, 2], {"positive": 1, "negative": 2}),
        ([1, -1], {"positive": 1, "negative": -1}),
        (["late", "on time"], {"positive": "late", "negative": "on time"}),
        (["a", "b"], {"positive": "a", "negative": ("b", "c")}),
        ([0, 1], {"positive": 0}),
        (["late", "on time"], {"labels": {"positive": "late", "negative": "on time"}}),
        ([True, False], {"labels": {"positive": "late", "negative": "on time"}}),
        ([2, 1], {"labels": {"positive": 2, "negative": 1}}),
        ([0, 1], {"labels": {"positive": 0}}),
        ([1, 0], {"labels": {"positive": 0}, "positive": 1}),
    ],
    ids=str,
)
def test_decisions_that_are_clear_are_read(decided, values, settings):
    _, quality, found = decided(values, **settings)
    assert (found, quality.quarantined, quality.evaluated) == ([True, False], 0, True)
    assert not [change for change in quality.schema_changes if change["column"] == "served"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_decisions_in_text_files(decided, kind):
    _, quality, found = decided(["yes", "no", "yes"], kind=kind)
    assert (found, quality.quarantined) == ([True, False, True], 0)


@pytest.mark.parametrize(
    ("values", "bad"),
    [
        ([1, 2, 2, 1], "2"),
        ([1, -1, 1, -1], "-1"),
        ([0.25, 0.75, 1.0, 0.0], "0.25"),
        (["late", "on time"], "late"),
        (["approve", "deny"], "approve"),
    ],
    ids=str,
)
def test_a_column_that_cannot_be_read_refuses_the_day_and_says_how_to_go_on(decided, values, bad):
    world, quality, found = decided(values)
    assert not quality.evaluated
    assert "served is of neither class" in quality.reason
    assert "logs.negative" in quality.reason
    assert f"served: {bad}" in quality.reason
    assert set(found) <= {True, False, None}
    assert not all(found)
    kept = world.lake.table("small", QUARANTINE).read(world.monitor.start).to_pylist()
    assert len(kept) == found.count(None) == quality.quarantined
    assert bad in kept[0]["_obs_raw"]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize(
    ("positive", "values"),
    [(0, [True, False]), (0, ["no", "yes"]), (False, [0, 1]), (False, ["no", "yes"]), ("no", [0, 1])],
    ids=str,
)
def test_decisions_that_may_mean_either_class_are_refused_until_the_monitor_says_which(
    decided, kind, positive, values
):
    _, quality, found = decided(values, kind=kind, labels={"positive": positive})
    assert (found, quality.evaluated, quality.quarantined) == ([None, None], False, 2)
    assert "served is of neither class" in quality.reason
    assert f"of which {positive!r} is positive; logs.positive names" in quality.reason
    assert f"served: {str(values[0]).lower()}" in quality.reason.lower()
    _, quality, found = decided(values, kind=kind, labels={"positive": positive}, positive=values[0])
    assert (found, quality.evaluated) == ([True, False], True)


def test_single_odd_decisions_are_quarantined_alone(decided):
    _, quality, found = decided(["1"] * 50 + ["0"] * 49 + ["maybe"])
    assert quality.evaluated
    assert (quality.quarantined, found.count(None)) == (1, 1)
    assert max(quality.broken_rules.values()) == 1
    assert "served: maybe" in str([each["examples"] for each in quality.results])


def test_a_missing_decision_is_the_one_by_the_threshold(decided):
    _, quality, found = decided([True, None, False])
    assert (found, quality.quarantined) == ([True, None, False], 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0, None], [True, False, None]),
        (["yes", "no", "t"], [True, False, True]),
        (["Y", "off", ""], [True, False, None]),
        ([2, 0, 1], [None, False, True]),
        ([0.5, 1.0, 0.0], [None, True, False]),
        (["2", "x", "true"], [None, None, True]),
    ],
    ids=str,
)
def test_boolean_features_are_read_alike(small, day, values, expected):
    world = small(features={"vip": {"type": "boolean"}}, segments=[])
    world.log(day, world.rows(day, 3).assign(vip=pd.Series(values, dtype=object if None in values else None)))
    ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", LOGS).read(day)
    assert rows["vip"].to_pylist() == expected
    bad = [
        value
        for value, found in zip(values, expected, strict=True)
        if found is None and value not in (None, "")
    ]
    named = [text for text in rows["_obs_uncast"].to_pylist() if text]
    assert named == [f"vip: {value}" for value in bad]
    assert validate_day(world.monitor, day, world.lake).quarantined == len(bad)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-2, 2),
    st.sampled_from(["1", "yes", "No", "x", "", "2"]),
)


@given(
    kind=st.sampled_from([pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.binary()]),
    values=st.lists(VALUES, min_size=1, max_size=12),
    copies=st.lists(st.integers(0, 3), min_size=12, max_size=12),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_kept_or_counted(small, day, kind, values, copies):
    """Rows in = rows kept + duplicates, and each bad value is one quarantined row."""

    def typed(value):
        try:
            return pa.scalar(value, kind).as_py() if value is not None else None
        except (pa.ArrowException, TypeError, ValueError):
            return str(value) if kind == pa.string() else str(value).encode() if kind == pa.binary() else None

    world = small(uuid4().hex)
    columns = world.monitor.logs.columns.model_dump() | {"prediction": "served"}
    world.changes["logs"] = world.monitor.logs.model_dump() | {"columns": columns}
    world.changes["quality"] = {"max_quarantined_share": 1}
    rows = world.rows(day, len(values)).assign(
        served=pd.Series([typed(value) for value in values], dtype=object)
    )
    repeated = pd.concat(
        [rows, *(rows.iloc[[place]] for place in range(len(values)) for _ in range(copies[place]))]
    )
    path = world.root / f"logs/{day}.parquet"
    path.parent.mkdir(parents=True)
    table = pa.Table.from_pandas(repeated.drop(columns="served"), preserve_index=False)
    pa.parquet.write_table(table.append_column("served", pa.array(repeated["served"].tolist(), kind)), path)
    found = ingest_logs(world.monitor, day, world.lake)
    assert (found.rows, found.duplicates) == (len(values), len(repeated) - len(values))
    quality = validate_day(world.monitor, day, world.lake)
    assert quality.rows_read == len(repeated)
    kept = world.lake.table("small", LOGS).read(day)
    assert quality.quarantined == sum(text is not None for text in kept["_obs_uncast"].to_pylist())
    assert 0 <= quality.quarantined_share <= 1
