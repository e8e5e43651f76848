"""What `obs check`, `obs doctor` and a night say of labels."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli import label_sample
from jobs.cli.doctor import labels as standing
from jobs.cli.findings import Finding
from jobs.cli.run import _tell_labels
from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.lake import Lake
from obs_dagster.settings import Settings
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels

FOUND = Finding("loan_default", "labels", "ok", "1 files")


@pytest.fixture
def monitor(home, monkeypatch):
    """The monitor, with label keys of the test's own."""
    monkeypatch.setenv("OBS_HOME", str(home.root))

    def load(**keys):
        file = home.monitors / "loan_default.yaml"
        written = "".join(f"  {key}: {value}\n" for key, value in keys.items())
        file.write_text(file.read_text().replace("  max_delay_days: 1\n", f"  max_delay_days: 1\n{written}"))
        return monitor_of(file)

    return load


def write(home, values, ids=None):
    folder = home.root / "labels"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*"):
        file.unlink()
    ids = ids or [f"id {number}" for number in range(len(values))]
    pq.write_table(pa.table({"id": ids, "defaulted": values}), folder / "a.parquet")


@pytest.mark.parametrize(
    ("keys", "values", "expected"),
    [
        (
            {},
            [True, False, None],
            ["ok", "1 positive", "1 negative", "0 of neither class", "1 not known yet"],
        ),
        ({}, ["yes", "no", "no"], ["ok", "1 positive", "2 negative"]),
        ({}, ["yes", "no", "pending"], ["warn", "1 of neither class", "'pending' (1)"]),
        ({}, [1, 2, 2], ["fail", "2 of neither class", "'2' (2)", "labels.negative"]),
        ({"positive": "bad"}, ["bad", "good"], ["ok", "only other value, 'good'"]),
        ({"positive": "bda"}, ["bad", "good"], ["fail", "0 positive", "'bad' (1)", "'good' (1)"]),
        ({"positive": "bad", "negative": "good"}, ["good", "good"], ["warn", "No label reads 'bad'"]),
        ({"positive": 2, "negative": "[0, 1]"}, [2, 1, 0], ["ok", "1 positive", "2 negative"]),
    ],
    ids=str,
)
def test_the_check_reads_a_sample_and_says_what_it_is(home, monitor, keys, values, expected):
    status, *told = expected
    write(home, values)
    found = label_sample.labels(monitor(**keys), FOUND)
    assert found.status == status, found.detail
    for words in told:
        assert words in found.detail


def test_the_check_says_which_ids_have_two_labels(home, monitor):
    write(home, [True, False, False, False], ids=["a", "a", "b", "b"])
    found = label_sample.labels(monitor(), FOUND)
    assert found.status == "warn"
    assert "1 ids had two different labels known at one time, such as a;" in found.detail


def test_the_check_names_a_column_that_is_not_there(home, monitor):
    (home.root / "labels").mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"id": ["a"], "default": [True]}), home.root / "labels" / "z.parquet")
    found = label_sample.labels(monitor(), FOUND)
    assert found.status == "fail"
    assert "has no column defaulted; it has id, default" in found.detail


def test_a_night_and_the_doctor_say_what_waits_and_what_is_of_no_class(home, monitor, capsys):
    write(home, ["yes", "no", "maybe"])
    settings = Settings()
    lake = Lake(settings.lake_root)
    monitored = monitor()
    assert list(standing(monitored, settings)) == []
    log = {"id": ["x-1"], "at": ["2024-03-01T10:00:00Z"], "version": ["1"], "score": [0.5]}
    (home.root / "logs").mkdir(exist_ok=True)
    pq.write_table(pa.table(log), home.root / "logs" / "day=2024-03-01.parquet")
    ingest_logs(monitored, monitored.start, lake)
    ingest_labels(monitored, lake)
    [found] = standing(monitored, settings)
    assert found.status == "warn"
    for words in ("'maybe' (1)", "2 labels wait", "id 0", "the log has ids such as x-1"):
        assert words in found.detail
    assert not _tell_labels(monitored)
    assert "labels: 2 labels wait" in capsys.readouterr().err


def test_labels_that_cannot_be_read_or_are_lost_are_a_failure(home, monitor, capsys):
    write(home, [True, False], ids=["x-1", "x-2"])
    settings = Settings()
    lake, monitored = Lake(settings.lake_root), monitor()
    log = {
        "id": ["x-1", "x-2"],
        "at": ["2024-03-01T10:00:00Z"] * 2,
        "version": ["1", "1"],
        "score": [0.5, 0.5],
    }
    (home.root / "logs").mkdir(exist_ok=True)
    pq.write_table(pa.table(log), home.root / "logs" / "day=2024-03-01.parquet")
    ingest_logs(monitored, monitored.start, lake)
    assert ingest_labels(monitored, lake).touched == {monitored.start: 2}
    assert not _tell_labels(monitored)
    empty = home.root / "labels" / "b.parquet"
    empty.write_bytes(b"")
    ingest_labels(monitored, lake)
    assert _tell_labels(monitored)
    assert "b.parquet is empty (0 bytes)" in " ".join(capsys.readouterr().err.split())
    assert [each.status for each in standing(monitored, settings)] == ["fail"]
    empty.unlink()
    (home.root / "labels" / "a.parquet").unlink()
    lake.table(monitored.model, GROUND_TRUTH).remove(monitored.start)
    ingest_labels(monitored, lake)
    assert _tell_labels(monitored)
    assert "0 of 2 are back" in capsys.readouterr().err
    assert [each.status for each in standing(monitored, settings)] == ["fail"]
