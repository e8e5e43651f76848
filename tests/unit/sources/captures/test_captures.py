"""What every form of capture keeps to, by files that are written as their platforms document it."""

import base64
import copy
import csv
import datetime as dt
import json
import os
from itertools import cycle
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
WRITTEN = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)
_NANOSECONDS = cycle(range(1_000))
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
    return at_noon(file)


def at_noon(file):
    """The file as if it had been written then: some forms say nothing else of when."""
    # to the microsecond: what is not the same moment is not the same file
    noon = int(WRITTEN.timestamp()) * 1_000_000_000 + next(_NANOSECONDS)
    os.utime(file, ns=(noon, noon))
    return file


@pytest.fixture(autouse=True, scope="module")
def written_at_noon():
    for file in FILES:
        at_noon(file)


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
    shape = -1 if file.stem == "cloud_events_binary" else 0
    # those of one shape, as a table has them; what a table has beside is null
    same = [each for each in records if set(each) == set(records[shape])]
    pq.write_table(pa.Table.from_pylist([each | {"more": None} for each in same]), tmp_path / "c.parquet")
    at_noon(tmp_path / "c.parquet")
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


TABLE = (
    *("url", "bytes", "contentType", "reqType", "id", "sourceUri"),
    *("inferenceService", "namespace", "component", "endpoint", "metadata"),
)


def kserve_records():
    """The records of the logger as it writes them into tables."""
    for record in records_of(GOLDEN / "kserve_blob.jsonl"):
        flat = {f"{name[0].lower()}{name[1:]}": value for name, value in record.items()}
        flat |= {"url": "s3://bucket/logs", "sourceUri": "http://localhost:9081/"}
        flat["metadata"] = json.dumps(flat["metadata"]) if flat["metadata"] else ""
        yield {name: flat[name] for name in TABLE}


def kserve_rows():
    return json.loads((GOLDEN / "kserve_blob.rows.json").read_text(encoding="utf-8"))


def test_batches_of_kserves_logger_are_lists_in_json(tmp_path):
    records = records_of(GOLDEN / "kserve_blob.jsonl")
    one, other = json.dumps(records[:3]), json.dumps(records[3:])
    files = [written(tmp_path, [one], "a-request.json"), written(tmp_path, [other], "b-response.json")]
    assert rows_of(*files) == kserve_rows()
    assert capture_in(files[0]) == "kserve_blob"


def test_kserves_logger_writes_csv_too(tmp_path):
    file = tmp_path / "a-request.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, TABLE)
        writer.writeheader()
        writer.writerows(kserve_records())
    assert rows_of(at_noon(file)) == kserve_rows()
    assert capture_in(file) == "kserve_blob"


def test_kserves_logger_writes_parquet_in_two_versions(tmp_path):
    flat, file = list(kserve_records()), tmp_path / "a-request.parquet"
    pq.write_table(pa.Table.from_pylist(flat), file)
    assert rows_of(at_noon(file)) == kserve_rows()
    snake = {"contentType": "content_type", "reqType": "req_type", "inferenceService": "inference_service"}
    before = [{snake.get(name, name): value for name, value in record.items()} for record in flat]
    headers = pa.map_(pa.string(), pa.list_(pa.string()))
    for record in before:
        record["bytes"] = base64.b64decode(record["bytes"])
        record["metadata"] = list(json.loads(record["metadata"] or "{}").items())
    table = pa.Table.from_pylist(before, pa.schema([(name, _kind(name, headers)) for name in before[0]]))
    pq.write_table(table, file)
    assert rows_of(at_noon(file)) == kserve_rows()


def _kind(name, headers):
    return {"bytes": pa.binary(), "metadata": headers}.get(name, pa.string())


def test_batches_of_cloud_events_are_lists_in_json(tmp_path):
    records = records_of(GOLDEN / "cloud_events.jsonl")
    assert rows_of(written(tmp_path, [json.dumps(records)])) == rows_of(GOLDEN / "cloud_events.jsonl")


def test_events_in_binary_mode_may_be_lines_of_csv(tmp_path):
    *_, request, response = records_of(GOLDEN / "cloud_events_binary.jsonl")
    file = tmp_path / "events.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(request))
        writer.writeheader()
        writer.writerows([response, request])
    assert rows_of(file) == rows_of(GOLDEN / "cloud_events_binary.jsonl")[-1:]
