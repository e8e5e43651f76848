"""Files of hours: when they are finished, and what Parquet makes of them."""

from __future__ import annotations

import datetime as dt
import os

import pyarrow.parquet as pq
import pytest

from obs_dagster.serving import InferenceLog
from obs_dagster.serving.hour_file import HourFile, as_lines, recover
from obs_dagster.serving.row import Row
from obs_dagster.serving.writer import Writer

NOON = 478_200 * 3600.0


def _row(time: float) -> Row:
    return Row("a", time, "3", {}, {}, 1.0, "ok", None, None)


def test_an_hour_is_finished_a_minute_after_it(tmp_path):
    now = NOON + 1800
    writer = Writer(tmp_path, as_lines, most=10, every=60, clock=lambda: now)
    writer.put(_row(NOON + 1))

    def parts() -> list[str]:
        with writer._writing:
            writer._step()
        return sorted(path.name[:6] + path.suffix for path in tmp_path.rglob("hour*"))

    assert parts() == ["hour00.part"]
    now = NOON + 3600 + 30
    writer.put(_row(now))
    assert parts() == ["hour00.part", "hour01.part"]
    now = NOON + 3600 + 61
    assert parts() == ["hour00.jsonl", "hour01.part"]
    # a request of the hour that ends now has a file of its own
    writer.put(_row(NOON + 2))
    assert parts() == ["hour00.jsonl", "hour00.jsonl", "hour01.part"]
    writer.close()


def test_a_disk_that_is_full_keeps_lines_whole_until_it_has_room(tmp_path, monkeypatch):
    file = HourFile(tmp_path, 478_200)
    file.append(b'{"x":1}\n')
    real, calls = os.write, []

    def half(handle, data):
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return real(handle, bytes(data[:4]))

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        file.append(b'{"x":2}\n')
    assert file.path.read_bytes() == b'{"x":1}\n'
    monkeypatch.undo()
    file.append(b'{"x":2}\n')
    file.finish(as_lines)
    assert file.path.with_suffix("").read_bytes() == b'{"x":1}\n{"x":2}\n'


def test_files_of_another_machine_are_recovered_once_they_are_abandoned(tmp_path):
    day = tmp_path / "day=2024-07-21"
    day.mkdir()
    part = day / "hour00-zzzzzz-abc.jsonl.part"
    part.write_text('{"x":1}\n{"x')
    assert recover(tmp_path, as_lines) == 0
    os.utime(part, (NOON, NOON))
    assert recover(tmp_path, as_lines) == 1
    assert (day / "hour00-zzzzzz-abc.jsonl").read_text() == '{"x":1}\n'


def test_parquet_has_types_and_mixed_columns_are_texts(tmp_path):
    log = InferenceLog(tmp_path, version="3", format="parquet")
    log.record({"x": 1, "y": float("nan")}, score=0.5, time=NOON)
    log.record({"x": 2.5, "y": 1.5, "tags": ["a"]}, score=1, time=NOON)
    log.close()
    rows = pq.read_table(next(tmp_path.rglob("*.parquet")), partitioning=None)
    assert rows["time"].to_pylist() == [dt.datetime.fromtimestamp(NOON, dt.UTC)] * 2
    assert str(rows.schema.field("time").type) == "timestamp[us, tz=UTC]"
    assert rows["x"].to_pylist() == [1.0, 2.5]
    assert str(rows["y"].to_pylist()) == "[nan, 1.5]"
    assert rows["tags"].to_pylist() == [None, ["a"]]
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".part", ".tmp")]

    log.record({"x": "one"}, time=NOON + 3600)
    log.record({"x": 1}, time=NOON + 3600)
    log.record({"x": {"deep": [1]}}, time=NOON + 3600)
    log.close()
    rows = pq.read_table(next(tmp_path.rglob("hour01*.parquet")), partitioning=None)
    assert rows["x"].to_pylist() == ["one", "1", '{"deep": [1]}']
    assert log.counts().written == 5


def test_ordinary_rows_become_parquet_without_python_reading_each(tmp_path, monkeypatch):
    log = InferenceLog(tmp_path, version="3", format="parquet")
    log.record({"x": 1, "city": "Bern"}, score=0.5, time=NOON)
    monkeypatch.setattr("obs_dagster.serving.parquet._column", None)
    log.close()
    (row,) = pq.read_table(next(tmp_path.rglob("*.parquet")), partitioning=None).to_pylist()
    assert (row["time"].timestamp(), row["city"], row["version"]) == (NOON, "Bern", "3")
