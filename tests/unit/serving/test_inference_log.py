"""What a service records, and where it is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from obs_dagster.serving import InferenceLog
from obs_dagster.serving.counts import FULL, NO_PLACE, NOT_TAKEN, NOT_TEXT, TOO_LARGE
from tests.coroutines import run_apart

MIDNIGHT = 1721520000.0
HOUR = "predictions/day=2024-07-21/hour00-*"


def rows_of(folder: Path, pattern: str = "predictions/*/*.jsonl") -> list[dict]:
    return [
        json.loads(line) for file in sorted(folder.glob(pattern)) for line in file.read_text().splitlines()
    ]


def test_a_row_is_in_the_file_of_its_hour_with_all_that_was_said(tmp_path):
    log = InferenceLog(tmp_path, version="3")
    one = log.record(
        {"age": 41, "city": "Bern", "version": "x"},
        score=0.25,
        time=MIDNIGHT + 0.5,
        latency_ms=12.5,
        trace_id="0" * 31 + "1",
    )
    two = log.record(
        {}, prediction="late", p_late=0.9, prediction_id="mine", version="4", time=MIDNIGHT + 3600
    )
    log.label(one, "yes", known_at=MIDNIGHT + 86_400)
    log.close()
    assert rows_of(tmp_path, f"{HOUR}.jsonl") == [
        {
            "prediction_id": one,
            "time": "2024-07-21T00:00:00.500000Z",
            "version": "3",
            "latency_ms": 12.5,
            "status": "ok",
            "request_id": None,
            "trace_id": "0" * 31 + "1",
            "score": 0.25,
            "age": 41,
            "city": "Bern",
            "feature_version": "x",
        }
    ]
    assert two == "mine"
    (other,) = rows_of(tmp_path, "predictions/day=2024-07-21/hour01-*.jsonl")
    assert (other["version"], other["prediction"], other["p_late"]) == ("4", "late", 0.9)
    (label,) = rows_of(tmp_path, "labels/day=2024-07-22/hour00-*.jsonl")
    assert label == {"prediction_id": one, "label": "yes", "known_at": "2024-07-22T00:00:00.000000Z"}
    assert log.counts() == (3, {}, 0)
    assert not list(tmp_path.rglob("*.part"))


def test_values_that_json_lacks_are_kept_or_counted(tmp_path):
    class Hostile:
        def __str__(self):
            raise RuntimeError

    log = InferenceLog(tmp_path, version="3")
    log.record({"x": float("nan"), "y": -np.inf, "z": np.float32(0.5), "n": np.int64(7), "a": np.arange(2)})
    log.record({"text": "half \ud800 of it", "line": "a\nb", 7: "seven", "inner": {"k": [float("inf")]}})
    log.record({"x": Hostile()})
    log.record({"x": "y" * (1 << 20)})
    log.record([1, 2, 3])
    log.close()
    first, second = rows_of(tmp_path)
    assert {name: first[name] for name in "xyzna"} == {
        "x": "NaN",
        "y": "-Infinity",
        "z": 0.5,
        "n": 7,
        "a": [0, 1],
    }
    assert (second["text"], second["line"], second["7"], second["inner"]) == (
        "half ? of it",
        "a\nb",
        "seven",
        {"k": ["Infinity"]},
    )
    assert log.counts() == (2, {NOT_TAKEN: 1, NOT_TEXT: 1, TOO_LARGE: 1}, 0)


def test_rows_beyond_the_queue_are_dropped_counted_and_told(tmp_path, caplog):
    log = InferenceLog(tmp_path, version="3", most=10, every=60)
    for _ in range(25):
        log.record({})
    assert log.counts() == (0, {FULL: 15}, 10)
    log.close()
    assert log.counts() == (10, {FULL: 15}, 0)
    assert f"Rows of the inference log in {tmp_path} were dropped: 15 (queue full)." in caplog.messages


def test_a_folder_that_cannot_be_written_costs_rows_and_no_request(tmp_path, caplog):
    (tmp_path / "log").write_text("no folder")
    log = InferenceLog(tmp_path / "log", version="3")
    log.record({})
    log.close()
    assert log.counts() == (0, {NO_PLACE: 1}, 0)
    assert "1 (folder not writable)" in caplog.text
    # and what comes when it can be written is kept
    (tmp_path / "log").unlink()
    log.record({})
    log.close()
    assert log.counts() == (1, {NO_PLACE: 1}, 0)


def test_every_call_of_an_observed_function_is_a_row(tmp_path):
    @dataclass
    class Flight:
        origin: str

    log = InferenceLog(tmp_path, version="3")

    @log.observe()
    def named(distance, hour=7):
        return distance / 10

    @log.observe(output="prediction")
    async def late(flight):
        if flight.origin == "X":
            raise LookupError
        return True

    @log.observe(features=lambda text: {"length": len(text)})
    def classes(text):
        return {"prediction": "spam", "p_spam": 0.75}

    assert named(5, hour=9) == 0.5
    assert run_apart(late(Flight("JFK"))) is True
    with pytest.raises(LookupError):
        run_apart(late(Flight("X")))
    assert classes("hello")["prediction"] == "spam"
    assert classes(7)["prediction"] == "spam"
    log.close()
    first, second, third, fourth = (
        {
            k: v
            for k, v in row.items()
            if k not in ("prediction_id", "time", "request_id", "trace_id", "version")
        }
        for row in rows_of(tmp_path)
    )
    assert first.pop("latency_ms") >= 0
    assert first == {"status": "ok", "score": 0.5, "distance": 5, "hour": 9}
    assert (second["prediction"], second["origin"]) == (True, "JFK")
    assert (third["status"], third["origin"], "prediction" in third) == ("error", "X", False)
    assert (fourth["prediction"], fourth["p_spam"], fourth["length"]) == ("spam", 0.75, 5)
    assert log.counts().dropped == {NOT_TAKEN: 1}


def test_many_threads_lose_nothing(tmp_path):
    log = InferenceLog(tmp_path, version="3", every=0.01)
    threads = [
        threading.Thread(target=lambda k=k: [log.record({"k": k, "i": i}) for i in range(500)])
        for k in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    log.close()
    rows = rows_of(tmp_path)
    assert len({(row["k"], row["i"]) for row in rows}) == len(rows) == 4000


def test_a_forked_process_writes_files_of_its_own(tmp_path):
    log = InferenceLog(tmp_path, version="3", every=0.01)
    log.record({"who": "parent"})
    child = os.fork()
    if child == 0:
        log.record({"who": "child"})
        log.close()
        os._exit(0 if log.counts().written == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    log.record({"who": "parent again"})
    log.close()
    assert sorted(row["who"] for row in rows_of(tmp_path)) == ["child", "parent", "parent again"]


KILLED = """
import os, sys, time
from obs_dagster.serving import InferenceLog
log = InferenceLog(sys.argv[1], version="3", every=0.01)
log.record({"x": 1})
while log.counts().written < 1: time.sleep(0.01)
print("written", flush=True)
if sys.argv[2] == "killed": os.kill(os.getpid(), 9)
"""


def _alone(folder: Path, how: str) -> subprocess.CompletedProcess:
    """A service in a process that has no library but Python's own."""
    root = Path(__file__).parents[3]
    code = f"import sys; sys.path.insert(0, {str(root)!r})\n{KILLED}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, folder, how], capture_output=True, check=False
    )


def test_without_any_library_the_end_of_the_process_finishes_its_files(tmp_path):
    assert _alone(tmp_path, "ended").stderr == b""
    assert [row["x"] for row in rows_of(tmp_path)] == [1]


def test_what_a_killed_process_has_written_is_recovered_without_the_line_that_was_cut(tmp_path):
    assert _alone(tmp_path, "killed").stdout == b"written\n"
    (part,) = tmp_path.rglob("*.jsonl.part")
    with part.open("a") as file:
        file.write('{"prediction_id": "cut')
    assert rows_of(tmp_path) == []
    log = InferenceLog(tmp_path, version="3")
    log.record({"x": 2})
    log.close()
    assert sorted(row["x"] for row in rows_of(tmp_path)) == [1, 2]
    assert not list(tmp_path.rglob("*.part"))


def test_files_of_a_process_that_lives_are_left_alone(tmp_path):
    log, other = (InferenceLog(tmp_path, version=version, every=0.01) for version in "34")
    log.record({})
    while log.counts().written < 1:
        threading.Event().wait(0.01)
    other.record({})
    other.close()
    assert [row["version"] for row in rows_of(tmp_path)] == ["4"]
    log.close()
    assert sorted(row["version"] for row in rows_of(tmp_path)) == ["3", "4"]
