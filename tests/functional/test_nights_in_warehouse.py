"""Nights whose rows stay in the warehouse have the records of nights that fetch them, on both databases."""

import datetime as dt
import math

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from obs_dagster.evaluation.pairs_kept import count_pairs, kept_pairs, stale_pairs

FIRST = dt.date(2024, 3, 9)
#: New York changes its clocks on the second one.
DAYS = [FIRST + dt.timedelta(days=each) for each in range(2)]
ZONE = "America/New_York"
COLUMNS = {
    "prediction_id": "id",
    "time": "at",
    "version": "model",
    "score": "score",
    "latency_ms": "ms",
    "status": "status",
}
FEATURES = {
    "temp": {"type": "number", "min": -40, "max": 60, "nullable": True},
    "size": {"type": "number", "nullable": True},
    "hour": {"type": "integer", "min": 0},
    "carrier": {"type": "category", "nullable": True},
    "vip": {"type": "boolean", "nullable": True},
    "ticket": {"type": "integer", "unique": True, "nullable": True},
}
TABLE = 'serving.predictions (id text, "at" timestamptz, model text, score float8, ms float8, status text, '
TABLE += 'temp float8, size float8, hour int, carrier text, vip boolean, ticket bigint, "No ""te" text)'


def rows_of(day, n=400):
    """A day of two versions in New York, with what goes wrong in logs."""
    rng = np.random.default_rng(day.toordinal())
    begin = pd.Timestamp(day, tz=ZONE).tz_convert("UTC")
    end = pd.Timestamp(day + dt.timedelta(days=1), tz=ZONE).tz_convert("UTC")
    seconds = np.sort(rng.uniform(0, (end - begin).total_seconds() - 1, n))
    frame = pd.DataFrame(
        {
            "id": [f"{day}-{number}" for number in range(n)],
            "at": (begin + pd.to_timedelta(np.round(seconds, 3), "s")).astype("datetime64[us, UTC]"),
            "model": rng.choice(["1", "2", "O'Hare"], n, p=[0.6, 0.35, 0.05]),
            "score": np.round(rng.beta(1, 3, n), 6),
            "ms": rng.gamma(2.0, 30.0, n),
            "status": rng.choice(["ok", "200", "503"], n, p=[0.5, 0.4, 0.1]),
            "temp": rng.normal(10, 8, n),
            "size": rng.standard_t(1.5, n) * 1e3,
            "hour": rng.integers(0, 24, n),
            "carrier": rng.choice(["AA", "UA", "ü=,%", "", "(null)"], n),
            "vip": rng.random(n) < 0.3,
            "ticket": rng.permutation(n),
        }
    ).astype({"vip": object, "ticket": object, "carrier": object})
    frame.loc[3, "temp"], frame.loc[4, "temp"], frame.loc[5, "temp"] = np.nan, np.inf, 99.0
    frame.loc[6:9, "score"] = [1.5, np.nan, -0.2, np.inf]
    frame.loc[10:14, "size"] = [np.inf, -np.inf, 1e300, 1e-300, 0.0]
    frame.loc[15:40, "carrier"] = None
    frame.loc[20:25, "vip"] = None
    frame.loc[26, "ticket"] = frame.loc[27, "ticket"]
    frame.loc[28, "hour"] = -4
    frame.loc[30, "id"] = None
    # one that was sent twice, and one that says something else the second time
    again = frame.iloc[[50, 51]].assign(at=lambda rows: rows["at"] + pd.Timedelta(seconds=1))
    again.iloc[1, frame.columns.get_loc("score")] = 0.123
    frame['No "te'] = "x"
    return pd.concat([frame, again.assign(**{'No "te': "y"})], ignore_index=True)


def labels_of(rows, day, share=1.0):
    known = (pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1, hours=7)).to_pydatetime()
    chosen = rows.drop_duplicates("id").dropna(subset="id")
    chosen = chosen.iloc[: int(len(chosen) * share)]
    rng = np.random.default_rng(day.toordinal() + 1)
    late = rng.random(len(chosen)) < chosen["score"].clip(0, 1).fillna(0.5)
    delays = pd.to_timedelta(rng.integers(0, 3, len(chosen)), "D")
    return pd.DataFrame(
        {"key": chosen["id"].to_numpy(), "late": late.to_numpy().astype(int), "known": known + delays}
    )


def cells(column):
    """Values as databases have them: NaN is a number, and null in other columns alone."""
    return [None if column.dtype.kind != "f" and value != value else value for value in column.tolist()]  # noqa: PLR0124  NaN


class InDuckDB:
    def __init__(self, folder, _):
        self.path = folder / "warehouse.ddb"
        self.url = f"duckdb://{self.path}?read_only=true"
        self.execute("CREATE SCHEMA serving", f"CREATE TABLE {TABLE}")
        self.execute("CREATE TABLE serving.labels (key text, late int, known timestamptz)")

    def execute(self, *statements):
        with duckdb.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)

    def add(self, table, frame):
        with duckdb.connect(self.path) as connection:
            columns = {name: pa.array(cells(frame[name]), from_pandas=False) for name in frame}
            connection.register("frame", pa.table(columns))
            connection.execute(f"INSERT INTO serving.{table} FROM frame")


class InPostgreSQL:
    def __init__(self, _, postgres_database):
        url = postgres_database()
        self.url = url.replace("postgresql+psycopg2://", "postgres://")
        self.engine = create_engine(url)
        self.execute("CREATE SCHEMA serving", f"CREATE TABLE {TABLE}")
        self.execute("CREATE TABLE serving.labels (key text, late int, known timestamptz)")

    def execute(self, *statements):
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def add(self, table, frame):
        names = [f"v{place}" for place in range(len(frame.columns))]
        columns = [cells(frame[name]) for name in frame]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        values = ", ".join(f":{name}" for name in names)
        with self.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO serving.{table} VALUES ({values})"), rows)


@pytest.fixture(params=[InDuckDB, InPostgreSQL])
def warehouse(request, tmp_path, postgres_database):
    found = request.param(tmp_path, postgres_database)
    for day in DAYS:
        found.add("predictions", rows_of(day))
        found.add("labels", labels_of(rows_of(day), day))
    yield found
    if isinstance(found, InPostgreSQL):
        found.engine.dispose()


@pytest.fixture
def worlds(small, warehouse, monkeypatch):
    """The same model twice: its rows are fetched, and stay in the warehouse."""
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url)

    def make(**changes):
        place = {"source": "ibis", "path": "${WAREHOUSE_URL}"}
        keys = {
            "start": str(FIRST),
            "time_zone": ZONE,
            "logs": place
            | {"table": "serving.predictions", "columns": COLUMNS, "ok_statuses": ["ok", "200"]},
            "labels": place
            | {
                "table": "serving.labels",
                "columns": {"prediction_id": "key", "label": "late", "known_at": "known"},
                "max_delay_days": 2,
            },
            "features": FEATURES,
            "segments": ["carrier", ["carrier", "vip"]],
            "baseline": {"kind": "days", "first": str(FIRST), "last": str(FIRST)},
            "quality": {"max_quarantined_share": 0.2},
            "windows": [1, 2],
            "objectives": {"availability": 0.95, "latency": {"under_ms": 100, "target": 0.9}, "window": 2},
        } | changes
        return small("fetched", **keys), small("there", **keys, engine="warehouse")

    return make


def told(records):
    """Records by what they are about."""
    return {
        (each.metric, each.version, each.segment, each.column, str(each.day), each.window): each
        for each in records
    }


def same_number(one, other):
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def differing(fetched, there):
    """What differs between two sets of records, in words."""
    ours, theirs = told(there), told(fetched)
    found = [f"{key} is only in one" for key in ours.keys() ^ theirs.keys()]
    for key in ours.keys() & theirs.keys():
        one, other = theirs[key], ours[key]
        numbers = ("value", "low", "high", "error")
        if one.n != other.n or not all(same_number(getattr(one, x), getattr(other, x)) for x in numbers):
            found.append(f"{key}: {one} against {other}")
        elif one.reason != other.reason:
            found.append(f"{key}: {one.reason} against {other.reason}")
    return sorted(found)


def test_records_are_those_of_rows_that_are_fetched(worlds):
    fetched, there = worlds()
    for day in DAYS:
        found = differing(fetched.night(day), there.night(day))
        assert not found, "\n".join(found[:20])


NUMBER = {
    "task": "regression",
    "columns": {"prediction_id": "id", "time": "at", "version": "model", "prediction": "size"},
    "label": "temp",
    "features": ["hour", "carrier", "ms"],
}
NAME = {
    "task": "multiclass_classification",
    "columns": {"prediction_id": "id", "time": "at", "version": "model", "prediction": "status"},
    "label": "carrier",
    "features": ["hour", "temp"],
    "multiclass": {"classes": ["ok", "200", "503"]},
}
ODDS = {
    "task": "multiclass_classification",
    "columns": {
        "prediction_id": "id",
        "time": "at",
        "version": "model",
        "scores": {"ok": "hits", "200": "more", "503": "rest"},
    },
    "label": "status",
    "features": ["hour"],
    "multiclass": {"tolerance": 1.0},
}
NONE = {
    "task": "unlabelled",
    "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "size"},
    "label": "",
    "features": ["hour", "carrier"],
}


@pytest.mark.parametrize("model", [NUMBER, NAME, ODDS, NONE], ids=["number", "name", "scores", "none"])
def test_other_tasks_too(worlds, warehouse, model):
    """Labels are another column of the log here, as numbers and as names; of classes only some are known."""
    told_ms = FEATURES | {"ms": {"type": "number"}}
    labels = {
        "source": "ibis",
        "path": "${WAREHOUSE_URL}",
        "table": "serving.predictions",
        "columns": {"prediction_id": "id", "label": model["label"]},
    }
    changes = {
        "task": model["task"],
        "logs": {
            "source": "ibis",
            "path": "${WAREHOUSE_URL}",
            "table": "serving.predictions",
            "columns": model["columns"],
        },
        "labels": labels if model["label"] else None,
        "features": {name: told_ms[name] for name in model["features"]},
        "segments": [name for name in model["features"] if name == "carrier"],
        "objectives": None,
        "windows": [1],
    }
    if "multiclass" in model:
        changes["multiclass"] = model["multiclass"]
    if "scores" in model["columns"]:
        # ties, and rows that lack a score
        warehouse.execute(
            "CREATE VIEW serving.scored AS SELECT *, CASE WHEN hour = 3 THEN NULL ELSE score END AS hits, "
            "CASE WHEN hour < 9 THEN score ELSE 0.25 END AS more, 0.3 AS rest FROM serving.predictions"
        )
        changes["logs"]["table"] = labels["table"] = "serving.scored"
    fetched, there = worlds(**changes)
    records = fetched.night(FIRST)
    found = differing(records, there.night(FIRST))
    assert not found, "\n".join(found[:20])
    assert any(each.value is not None for each in records if each.column)


@pytest.mark.parametrize(
    "keys", [{"place": "carrier", "day": "{day}"}, ["ticket", "carrier"]], ids=["of day", "two"]
)
def test_labels_may_have_other_keys(worlds, warehouse, keys):
    """A label may be of many predictions of a day, or of one that several columns name."""
    if isinstance(keys, dict):
        warehouse.execute("CREATE TABLE serving.by_key (place text, day date, late int, known timestamptz)")
        told = [
            (place, day, int(place > "B"), str(day + dt.timedelta(days=1)))
            for day in DAYS
            for place in ("AA", "ü=,%", "(null)")
        ]
    else:
        warehouse.execute(
            "CREATE TABLE serving.by_key (ticket bigint, carrier text, late int, known timestamptz)"
        )
        rows = rows_of(FIRST).dropna(subset=["ticket", "carrier"])
        chosen = zip(rows["ticket"], rows["carrier"], strict=True)
        told = [(int(a), b, int(a) % 3 == 0, str(FIRST + dt.timedelta(days=1))) for a, b in chosen]
        told = [(a, b, int(late), known) for a, b, late, known in told]
    columns = (
        ["place", "day", "late", "known"]
        if isinstance(keys, dict)
        else ["ticket", "carrier", "late", "known"]
    )
    frame = pd.DataFrame(told, columns=columns).astype(object)
    frame["known"] = pd.to_datetime(frame["known"], utc=True).dt.to_pydatetime()
    warehouse.add("by_key", frame)
    fetched, there = worlds(
        labels={
            "source": "ibis",
            "path": "${WAREHOUSE_URL}",
            "table": "serving.by_key",
            "columns": {"keys": keys, "label": "late", "known_at": "known"},
            "max_delay_days": 2,
        },
        segments=[],
        objectives=None,
        windows=[1],
        features={name: FEATURES[name] for name in ("hour", "carrier", "ticket")},
    )
    records = fetched.night(FIRST)
    found = differing(records, there.night(FIRST))
    assert not found, "\n".join(found[:20])
    assert any(each.metric == "recall" and each.value is not None for each in records)


def test_requests_that_two_versions_scored_are_paired_there(worlds, warehouse):
    shadow = rows_of(DAYS[0]).dropna(subset=["id"]).assign(model="shadow")
    rng = np.random.default_rng(5)
    warehouse.add("predictions", shadow.assign(score=rng.beta(1, 3, len(shadow)), ticket=None))
    sides = worlds(windows=[1], quality={"max_quarantined_share": 0.9})
    counted = []
    for world in sides:
        world.night(DAYS[0])
        night = world.tonight
        counted.append(dict(count_pairs(night, stale_pairs(night))))
        assert stale_pairs(night) == []
    assert counted[0] == counted[1]
    assert counted[0][DAYS[0]] > 300
    here, there = (kept_pairs(world.tonight, DAYS[0]) for world in sides)
    assert here.keys() == there.keys()
    assert ("1", "shadow", "recall") in here
    for about, pairs in here.items():
        np.testing.assert_allclose(there[about].sums, pairs.sums)
        np.testing.assert_allclose(there[about].products, pairs.products)
