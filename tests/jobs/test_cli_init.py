"""`obs init` through the real command line."""

from __future__ import annotations


def test_a_log_becomes_a_monitor_that_the_check_passes_and_is_never_replaced_unasked(logged):
    done = logged.obs("init", "loans", "--logs", "logs", "--labels", "labels")
    file = logged.monitors / "loans.yaml"
    assert done.returncode == 0, done.stdout + done.stderr
    assert "obs backfill loans --from 2024-03-01 --to 2024-03-04" in done.stdout
    written = file.read_text()
    assert "path: ../logs/day={day}.parquet" in written
    assert "label: defaulted" in written
    again = logged.obs("init", "loans", "--logs", "logs", "--score", "income")
    assert (again.returncode, again.stdout) == (2, "")
    assert "--force" in again.stderr
    assert file.read_text() == written


def test_what_cannot_be_told_is_bad_usage_and_nothing_is_written(logged):
    done = logged.obs("init", "loans", "--logs", "logs", "--time", "when")
    assert done.returncode == 2
    assert "There are: id, at, version" in done.stderr
    assert not (logged.monitors / "loans.yaml").exists()
