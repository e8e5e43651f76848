"""What every form of capture keeps to, by files that are written as their platforms document it."""

import copy
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.errors import SourceError
from obs_dagster.sources.captures.capture import CAPTURES, RefusedError, capture_of
from obs_dagster.sources.captures.pairing import ERROR
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.capture import capture_in, unwrapped
from obs_dagster.sources.formats.part import UnreadableError

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.jsonl"))
STRAY = json.dumps({"databricks_request_id": "stray", "request": "{", "response": "{}"})


def rows_of(*files, most=None):
    """The rows of captures, each with the columns that it has."""
    with connect() as connection:
        [part] = SourceFiles("capture", "p", files).parts(connection, most)
        columns = ", ".join(f"{part.column(name)} AS c{place}" for place, name in enumerate(part.found))
        found = connection.sql(
            f"SELECT {columns or 'NULL'} FROM {part.source} AS source ORDER BY {part.row}"
        ).fetchall()
    assert len(found) == part.rows
    rows = [dict(zip(part.found, map(_value, row), strict=True)) for row in found] if columns else []
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _value(text):
    return None if text is None else json.loads(text)


def records_of(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def written(folder, lines, name="written.jsonl"):
    file = folder / name
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def test_every_form_has_a_file():
    assert {capture_of(record).name for file in FILES for record in records_of(file)} == set(CAPTURES.all())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_records_are_rows(file):
    expected = json.loads(file.with_suffix(".rows.json").read_text(encoding="utf-8"))
    assert rows_of(file) == expected
    assert file.stem.startswith(capture_in(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_rows_are_the_same_from_parquet(file, tmp_path):
    records = records_of(file)
    # those of one shape, as a table has them; what a table has beside is null
    same = [each for each in records if set(each) == set(records[0])]
    pq.write_table(pa.Table.from_pylist([each | {"more": None} for each in same]), tmp_path / "c.parquet")
    expected = rows_of(written(tmp_path, map(json.dumps, same)))
    if "bentoml" in file.stem:
        # what is there in addition makes it another form
        pq.write_table(pa.Table.from_pylist(same), tmp_path / "c.parquet")
    assert [_plain(row) for row in rows_of(tmp_path / "c.parquet")] == [_plain(row) for row in expected]


def _plain(row):
    """A row in which it makes no difference how a type writes its values."""
    return {name: float(value) if isinstance(value, int) else value for name, value in row.items()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_none_is_counted_with_its_reason_beside_all_others(file, tmp_path):
    good = rows_of(file)
    lines = file.read_text(encoding="utf-8").splitlines()
    broken = written(tmp_path, [*lines, "", '{"cut": ', "[1]", '{"another": "thing"}', STRAY])
    found = rows_of(broken)
    assert [row for row in found if row in good] == good
    refused = [row for row in found if row not in good]
    assert [set(row) for row in refused] == [{ERROR}] * 4
    reasons = sorted(row[ERROR].partition(": ")[2] for row in refused)
    assert reasons == [
        "it is not JSON, or cut",
        "it is of no form of capture that is known",
        "it is of no form of capture that is known",
        "the request is no JSON",
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_is_broken_in_a_record_the_others_stay(file, session, data, tmp_path):
    records = records_of(file)
    at = data.draw(st.integers(0, len(records) - 1))
    damaged = _damaged(records[at], data)
    same_request = _keys(records[at]) & _keys(damaged) or _keys(records[at])
    lines = [json.dumps(record) for record in [*records[:at], damaged, *records[at + 1 :]]]
    kept = [
        record for place, record in enumerate(records) if place != at and not (_keys(record) & same_request)
    ]
    expected = records_of(unwrapped(session, [written(tmp_path, map(json.dumps, kept), "kept.jsonl")]))
    try:
        found = records_of(unwrapped(session, [written(tmp_path, lines)]))
    except UnreadableError:
        assert not kept
        return
    assert all(row in found for row in expected)
    assert all(row.get(ERROR) or row.get("prediction_id") is not None for row in found)


@pytest.fixture(scope="module")
def session():
    with connect() as connection:
        yield connection


def _keys(record):
    form = capture_of(record)
    try:
        return {form.key(record)} - {None} if form else set()
    except RefusedError:
        return set()


def _damaged(record, data):
    """The record with another value somewhere in it, or without one."""
    changed = copy.deepcopy(record)
    place = changed
    while True:
        names = list(place) if isinstance(place, dict) else list(range(len(place)))
        name = data.draw(st.sampled_from(names))
        inner = place[name]
        if isinstance(inner, (dict, list)) and inner and data.draw(st.booleans()):
            place = inner
            continue
        if isinstance(place, dict) and data.draw(st.booleans()):
            del place[name]
        else:
            place[name] = data.draw(
                st.sampled_from(
                    [None, "", "{", "[[1], [1, 2]]", 0, -1.5, 1e308, [], {}, [[]], True, "\ud800"]
                )
            )
        return changed


def test_a_file_of_something_else_is_named(tmp_path):
    file = written(tmp_path, ['{"a": 1}', "nonsense"])
    with pytest.raises(SourceError, match=r"written\.jsonl as capture: has no record of a known form"):
        rows_of(file)
    assert capture_in(file) == ""


def test_a_request_and_its_response_may_be_in_different_files(tmp_path):
    [response, request, *_] = records_of(GOLDEN / "cloud_events.jsonl")
    one, other = (
        written(tmp_path, [json.dumps(each)], f"{place}.jsonl")
        for place, each in enumerate((request, response))
    )
    assert [row.get("output") for row in rows_of(one, other)] == [0.25, 0.75]
    assert [row[ERROR] for row in rows_of(one)] == ["there is no response"] * 2
    [alone] = rows_of(other)
    assert alone[ERROR].endswith("there is a response without its request")


def test_events_that_are_delivered_twice_are_one_prediction(tmp_path):
    records = records_of(GOLDEN / "cloud_events.jsonl")
    again = written(tmp_path, map(json.dumps, [*records, *records]))
    assert rows_of(again) == rows_of(GOLDEN / "cloud_events.jsonl")


def test_a_look_stops_early(tmp_path):
    lines = (GOLDEN / "databricks.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows_of(written(tmp_path, lines[1:2] * 50), most=4)) == 4
    [response, *_] = (GOLDEN / "cloud_events.jsonl").read_text(encoding="utf-8").splitlines()
    apart = [response.replace("689b15e7", f"{number:08}") for number in range(3_000)]
    assert len(rows_of(written(tmp_path, apart), most=1_500)) == 1_500
