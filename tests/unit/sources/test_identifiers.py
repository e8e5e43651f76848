"""One id is one id, however it is stored; what has lost digits is none."""

import datetime as dt
import decimal
import uuid
from functools import cache

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obs_dagster.sources.identifiers import id_of, join_key, lost_digits, text_of
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels

LIMIT = 2**53


@cache
def session():
    """One for all examples: opening one takes longer than any of them."""
    return duckdb.connect()


def read(values):
    """Ids as a source stores them: as text, as they are compared, and whether they have lost digits."""
    relation = session().from_arrow(pa.table({"id": values}))
    kind = str(relation.types[0])
    text = id_of("id", kind)
    query = f"{text}, {join_key(text)}, {lost_digits('id', kind)}"
    return relation.project(query).fetchall()


def stored(number):
    """A whole number in every type that can hold it."""
    forms = [pa.array([str(number)]), pa.array([decimal.Decimal(number)], pa.decimal128(38, 0))]
    if abs(number) < 10**28:
        forms.append(pa.array([decimal.Decimal(number)], pa.decimal128(38, 10)))
    if abs(number) < 2**63:
        forms.append(pa.array([number], pa.int64()))
    if 0 <= number < 2**64:
        forms.append(pa.array([number], pa.uint64()))
    if abs(number) < LIMIT:
        forms += [pa.array([float(number)]), pa.array([f"{number}.0"])]
    if abs(number) < 2**24:
        forms.append(pa.array([float(number)], pa.float32()))
    return forms


@settings(deadline=None, max_examples=20)
@given(st.integers(-(10**37), 10**37) | st.integers(-(2**64), 2**64) | st.integers(-(10**16), 10**16))
@example(0)
@example(LIMIT - 1)
@example(LIMIT + 1)
@example(1_740_787_200_000_000)
def test_a_whole_number_is_compared_the_same_in_every_type(number):
    assert {read(form)[0][1] for form in stored(number)} == {str(number)}


@settings(deadline=None, max_examples=20)
@given(st.integers(LIMIT, 2**62) | st.just(LIMIT))
def test_floats_that_may_be_several_numbers_are_no_ids(number):
    assert read(pa.array([float(number), -float(number)])) == [(None, None, True)] * 2
    assert read(pa.array([float(2**24)], pa.float32())) == [(None, None, True)]


def test_missing_floats_are_missing():
    assert read(pa.array([float("nan"), None, 2.5])) == [
        (None, None, False),
        (None, None, None),
        ("2.5", "2.5", False),
    ]


@settings(deadline=None, max_examples=20)
@given(st.uuids())
def test_a_uuid_is_the_same_in_bytes_text_and_capitals(key):
    forms = [pa.array([key.bytes]), pa.array([key.bytes], pa.binary(16)), pa.array([str(key)])]
    forms += [pa.array([str(key).upper()]), pa.array([key.hex])]
    assert {read(form)[0][1] for form in forms} == {key.hex}
    assert read(forms[0])[0][0] == str(key)


@settings(deadline=None, max_examples=20)
@given(st.text(min_size=1, max_size=30).filter(lambda text: len(text.encode()) != 16))
def test_bytes_that_spell_a_text_are_it(text):
    written = [text, text.encode()]
    assert {read(pa.array([each]))[0][0] for each in written} == {text}


@settings(deadline=None, max_examples=20)
@given(st.binary(min_size=1, max_size=40))
def test_different_bytes_are_different_ids(data):
    texts = {read(pa.array([each]))[0][0] for each in (data, data + b"x", data[:-1] + bytes([data[-1] ^ 1]))}
    assert len(texts) == 3


@pytest.mark.parametrize(
    "text", ["007", "1e3", "1.0.0", "v1.0", "1.10", "-0.0.0", " 5", "5.00", "ABC", "ß.0"]
)
def test_texts_that_are_no_float_are_compared_as_they_are_written(text):
    assert read(pa.array([text]))[0][:2] == (text, text)


def test_a_missing_category_of_floats_is_missing():
    with duckdb.connect() as connection:
        query = text_of("CAST('nan' AS DOUBLE)", "DOUBLE")
        assert connection.sql(f"SELECT {query}").fetchall() == [(None,)]


def kinds(number):
    """Logs and labels may store an id in any of these."""
    return {
        "int64": lambda ids: pa.array(ids, pa.int64()),
        "double": lambda ids: pa.array([float(each) for each in ids]),
        "text": lambda ids: pa.array([str(each) for each in ids]),
        "decimal": lambda ids: pa.array([decimal.Decimal(each) for each in ids], pa.decimal128(20, 2)),
    }[number]


def write(world, place, columns):
    path = world.root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def labelled(world, day, log, labels):
    """The labels that a day gets whose log and label file have these ids."""
    rows = world.rows(day, len(log))
    write(
        world, f"logs/{day}.parquet", pa.Table.from_pandas(rows.drop(columns="id")).append_column("id", log)
    )
    ingest_logs(world.monitor, day, world.lake)
    known = pa.array([dt.datetime(2024, 3, 9, tzinfo=dt.UTC)] * len(labels))
    late = pa.array([place % 2 == 0 for place in range(len(labels))])
    write(world, "labels/a.parquet", {"id": labels, "late": late, "known_at": known})
    found = ingest_labels(world.monitor, world.lake)
    table = world.lake.table("small", GROUND_TRUTH)
    return found, table.read(day).to_pylist() if table.exists(day) else []


@pytest.mark.parametrize("log", ["int64", "double", "text", "decimal"])
@pytest.mark.parametrize("labels", ["int64", "double", "text", "decimal"])
def test_labels_find_ids_of_sixteen_digits_in_every_type(small, day, log, labels):
    ids = [1_740_787_200_000_000 + place for place in range(6)]
    found, truth = labelled(small(), day, kinds(log)(ids), kinds(labels)(ids))
    assert (found.waiting, found.touched) == (0, {day: 6})
    assert [row["prediction_id"] for row in truth] == [str(each) for each in ids]
    assert [row["label"] for row in truth] == [True, False] * 3


def test_binary_uuids_of_the_log_find_their_text(small, day):
    keys = [uuid.UUID(int=place + (1 << 127)) for place in range(4)]
    found, truth = labelled(
        small(),
        day,
        pa.array([key.bytes for key in keys], pa.binary(16)),
        pa.array([str(key) for key in keys]),
    )
    assert (found.waiting, found.touched) == (0, {day: 4})
    assert [row["prediction_id"] for row in truth] == [str(key) for key in keys]


def test_ids_beyond_the_floats_are_refused_where_they_are_floats(small, day):
    ids = [10**17 + place for place in range(6)]
    world = small()
    found, truth = labelled(world, day, pa.array(ids), pa.array([float(each) for each in ids]))
    assert (found.labels, found.rejected, truth) == (0, 6, [])
    assert "6 labels have ids that are floats" in " ".join(found.book.notes())
    _, truth = labelled(world, day, pa.array([float(each) for each in ids]), pa.array(ids))
    rows = world.lake.table("small", LOGS).read(day).to_pandas()
    assert rows["id"].isna().all()
    assert rows["_obs_uncast"].str.contains("lost digits").all()


def test_labels_that_find_nothing_show_the_ids_of_both_sides(small, day):
    found, truth = labelled(small(), day, pa.array(["c1", "c2"]), pa.array(["C-1", "C-2"]))
    assert (found.waiting, truth) == (2, [])
    [note] = found.book.notes()
    assert "2 labels wait" in note
    assert all(each in note for each in ("C-1", "C-2", "c1", "c2"))
    assert found.book.serious


@pytest.mark.parametrize("kind", ["decimal", "text", "float text"])
def test_integer_features_keep_all_their_digits(small, day, kind):
    numbers = [2**53 + place for place in range(4)]
    forms = {
        "decimal": lambda: pd.Series([decimal.Decimal(each) for each in numbers], dtype="object"),
        "text": lambda: pd.Series([str(each) for each in numbers]),
        "float text": lambda: pd.Series([f"{each}.0" for each in numbers]),
    }
    world = small(features={"hour": {"type": "integer", "unique": True}}, segments=[])
    world.log(day, world.rows(day, 4).assign(hour=forms[kind]()))
    ingest_logs(world.monitor, day, world.lake)
    assert world.lake.table("small", LOGS).read(day)["hour"].to_pylist() == numbers
