"""What somebody reads, and a script sees, after days that were not evaluated."""

import json

import pyarrow as pa
import pyarrow.parquet as pq


def spoil(home, day, column, value):
    file = home.root / "logs" / f"day={day}.parquet"
    rows = pq.read_table(file)
    place = rows.column_names.index(column)
    pq.write_table(rows.set_column(place, column, pa.array([value] * rows.num_rows)), file)


def test_refused_days_of_a_backfill_are_said_and_told_and_end(logged):
    home = logged
    monitor = home.monitors / "loan_default.yaml"
    text = monitor.read_text()
    monitor.write_text(text[: text.index("alerts:")] + "alerts: none\n")  # nor routes
    spoil(home, "2024-03-02", "score", 63.5)
    spoil(home, "2024-03-04", "income", "much")

    done = home.obs("backfill", "loan_default", "--from", "2024-03-01", "--to", "2024-03-04")
    assert done.returncode == 1
    assert "Nothing is firing" not in done.stdout
    assert "sound" not in done.stdout
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert lines[-5:] == [
        "2024-03-02 was NOT EVALUATED: all 400 rows broke the contract, and 5 % are tolerated",
        "score is not between 0 and 1: 400 rows, such as 63.5",
        "2024-03-04 was NOT EVALUATED: all 400 rows broke the contract, and 5 % are tolerated",
        'income is not a number: 400 rows, such as "much"',
        "2 of 4 days were NOT EVALUATED: 2024-03-02 (score is not between 0 and 1); 2024-03-04 (income is not a number)",  # noqa: E501
    ]
    [alert] = json.loads(home.obs("alerts", "list", "--format", "json").stdout)
    assert (alert["rule"], alert["state"], alert["since"]) == ("day not evaluated", "firing", "2024-03-04")
    rows = home.obs("quarantine", "loan_default", "--column", "income").stdout.splitlines()
    assert rows[0] == "All rows: version 1, income much, rules value is not of the declared type."
    told = home.obs("quarantine", "loan_default", "--day", "2024-03-02", "--column", "income")
    assert (told.returncode, told.stderr.splitlines()[1]) == (0, "  of --column there are: score")
    listed = json.loads(home.obs("quarantine", "list", "loan_default", "--format", "json").stdout)
    assert {each["rule"]: (each["rows"], each["last"]) for each in listed} == {
        "score is not between 0 and 1": (400, "2024-03-02"),
        "income is not a number": (400, "2024-03-04"),
    }
    release_by_hand(home)
    purge_by_hand(home)
    page = home.obs("report", "loan_default", "--day", "2024-03-04").stdout.strip()
    with open(page, encoding="utf-8") as file:  # noqa: PTH123  the path is the command's own
        shown = file.read()
    assert "4 March was NOT EVALUATED" in shown
    assert "income is not a number: 400 rows" in shown
    assert "Nothing is firing" not in shown

    write = pq.read_table(home.root / "logs" / "day=2024-03-03.parquet")
    again = [f"again-{row}" for row in range(write.num_rows)]
    fixed = write.set_column(0, "id", pa.array(again))
    times = pa.array([stamp.as_py().replace(day=4) for stamp in write["at"]], write["at"].type)
    pq.write_table(fixed.set_column(1, "at", times), home.root / "logs" / "day=2024-03-04.parquet")
    mended = home.obs("run", "loan_default", "--day", "2024-03-04", "--format", "json")
    assert "NOT EVALUATED" not in mended.stderr
    [version] = json.loads(mended.stdout)
    assert (version["version"], version["day"], version["firing"]) == ("1", "2024-03-04", 0)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert home.obs("alerts", "list").stdout.startswith("No alert is firing")


def purge_by_hand(home):
    """What rows said is gone, and nothing is said of them that is not known."""
    only = ("--from", "2024-03-02", "--to", "2024-03-02")
    assert home.obs("quarantine", "purge", "loan_default", *only).stdout.startswith("400 rows ")
    of_day = ("quarantine", "loan_default", "--day", "2024-03-02")
    shown = home.obs(*of_day, "--rule", "score is not between 0 and 1")
    assert (shown.returncode, "were purged: their numbers and rules are left" in shown.stderr) == (0, True)
    picked = home.obs(*of_day, "--version", "1")
    assert (picked.returncode, "so --version cannot pick any" in picked.stderr) == (2, True)


def release_by_hand(home):
    """Rows are released, the days to run are named, and that is taken back."""
    act = (
        "quarantine",
        "release",
        "loan_default",
        "--comment",
        "agreed",
        "--by",
        "ann",
        "--no-run",
        "--rule",
    )
    refused = home.obs(*act, "score is not between 0 and 1")
    assert (refused.returncode, "No row is evaluated without that" in refused.stderr) == (1, True)
    unknown = home.obs(*act, "score is too high")
    assert (unknown.returncode, "Rules that rows broke: " in unknown.stderr) == (2, True)
    done = home.obs(*act, "income is not a number", "--from", "2024-03-02", "--to", "2024-03-04")
    assert "400 rows from 2024-03-02 to 2024-03-04 are released from: income is not a number" in done.stdout
    assert "obs backfill loan_default --from 2024-03-04 --to 2024-03-04" in done.stderr
    [made] = json.loads(home.obs("quarantine", "releases", "loan_default", "--format", "json").stdout)
    assert (made["by"], made["comment"], made["withdrawn_at"]) == ("ann", "agreed", None)
    home.obs("quarantine", "withdraw", "loan_default", made["id"], "--no-run")
    [made] = json.loads(home.obs("quarantine", "releases", "loan_default", "--format", "json").stdout)
    assert made["withdrawn_at"] is not None


def test_a_label_file_that_cannot_be_read_stops_neither_the_night_nor_its_alerts(logged):
    home = logged
    (home.root / "labels" / "zero.parquet").write_bytes(b"")
    done = home.obs("backfill", "loan_default", "--from", "2024-03-01", "--to", "2024-03-02")
    assert done.returncode == 1
    for stage in ("drift", "service_health", "performance", "alerts", "mlflow_report"):
        assert f"✓ {stage}" in done.stderr
    assert "zero.parquet is empty (0 bytes)" in done.stderr
    [alert] = json.loads(home.obs("alerts", "list", "--format", "json").stdout)
    assert (alert["rule"], alert["state"]) == ("busy", "firing")
    recall = home.obs("metrics", "loan_default", "--metric", "recall", "--segment", "*", "--format", "json")
    assert {each["value"] is not None for each in json.loads(recall.stdout)} == {True}
    assert "2 notifications wait" in done.stderr


def test_a_night_whose_report_fails_has_its_verdict_all_the_same(logged):
    home = logged
    monitor = home.monitors / "loan_default.yaml"
    text = monitor.read_text()
    monitor.write_text(text[: text.index("alerts:")] + "alerts: none\n")
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = home.obs("backfill", "loan_default", "--from", "2024-03-01", "--to", "2024-03-02", **nowhere)
    assert done.returncode == 1
    assert "✓ alerts" in done.stderr
    assert "error: mlflow_report: " in done.stderr
    assert "All rules were evaluated without it." in done.stderr
    assert "Version 1 " in done.stdout
    assert "Nothing is firing after 2024-03-02." in done.stdout
