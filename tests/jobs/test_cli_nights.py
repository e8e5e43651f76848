"""The commands that need nights: backfill, metrics, alerts, report, doctor; they share one backfill."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from jobs.cli import run


def test_backfill_is_one_run_and_exits_1_because_something_fires(ran):
    from dagster import DagsterInstance

    home, done = ran
    assert done.returncode == 1, done.stderr
    assert "busy" in done.stdout
    assert "Version 1" in done.stdout
    for stage in ("inference_logs", "profile", "drift", "mlflow_report"):
        assert f"✓ {stage}" in done.stderr
    with DagsterInstance.from_config(str(home.root / "dagster")) as instance:
        runs = [run for run in instance.get_runs() if run.job_name == "loan_default_nightly"]
        told = [entry.user_message for run in runs for entry in instance.all_logs(run.run_id)]
    assert [run.status.value for run in runs if "partition_range" in " ".join(run.tags)] == ["SUCCESS"]
    # the page of a job lists the runs that have it
    assert {run.tags.get(".dagster/repository") for run in runs} == {"__repository__@obs-dagster"}
    assert told.count("3 of 3 days") >= 3
    configured = yaml.safe_load((home.root / "dagster" / "dagster.yaml").read_text())
    assert (configured["telemetry"], configured["nux"]) == ({"enabled": False}, {"enabled": False})


def test_a_night_says_what_moved_and_why_in_the_terms_of_the_values(ran):
    home, done = ran
    told = done.stdout.partition("What moved, 1 to 2 March 2024 → 3 March 2024:")[2]
    still = "The values that are there have not moved"
    unit = r"debt: median 1\d(?:\.\d)? → 1\d,\d{3}, × 1000: a change of unit\?"  # noqa: RUF001
    nulls = rf"tenure: missing 0\.0 % → \d\d %, a burst of nulls\? {still}"
    assert re.search(unit, told)
    assert re.search(nulls, told)
    # columns to which nothing happened are not told of
    assert "income:" not in done.stdout
    kept = json.loads((home.root / "lake/loan_default/changes/day=2024-03-03/changes.json").read_text())
    assert [change["column"] for change in kept["changes"]] == ["debt", "tenure"]
    page = home.root / "page.html"
    home.obs("report", "loan_default", "--day", "2024-03-03", "--output", str(page))
    assert "× 1000: a change of unit?" in page.read_text()  # noqa: RUF001


def test_a_night_says_that_its_notifications_wait_for_the_daemon(ran):
    _, done = ran
    assert "1 notification waits: `obs dev` (or your Dagster daemon) sends it." in done.stderr


def test_metrics_as_json_has_a_record_per_value_and_nothing_else(ran):
    home, _ = ran
    done = home.obs("metrics", "loan_default", "--metric", "volume", "--segment", "*", "--format", "json")
    records = json.loads(done.stdout)
    volumes = {record["day"]: record["value"] for record in records if record["version"] == "1"}
    assert volumes == {"2024-03-01": 400, "2024-03-02": 400, "2024-03-03": 400}
    assert {"model", "definition", "low", "high", "n", "error", "reason", "computed_at", "run_id"} <= set(
        records[0]
    )


def test_metrics_filters_can_be_repeated(ran):
    home, _ = ran
    args = ("--metric", "roc_auc", "--metric", "psi", "--segment", "*", "--from", "2024-03-02")
    done = home.obs("metrics", "loan_default", *args, "--to", "2024-03-02", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["metric"] for row in rows} == {"roc_auc", "psi"}
    assert {row["day"] for row in rows} == {"2024-03-02"}


def test_metrics_as_parquet_keeps_types(ran, tmp_path):
    home, _ = ran
    file = tmp_path / "metrics.parquet"
    done = home.obs("metrics", "loan_default", "--format", "parquet", "--output", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert str(pq.read_schema(file).field("day").type) == "date32[day]"


def test_a_table_shows_names_as_they_are(ran):
    home, _ = ran
    done = home.obs("metrics", "loan_default", "--segment", "region=[red]south[/]", "--metric", "volume")
    assert "region=[red]south[/]" in done.stdout


def test_tables_fit_a_terminal_of_80_columns(ran):
    home, _ = ran
    (alert,) = json.loads(home.obs("alerts", "list", "--format", "json").stdout)
    listed = home.obs("alerts", "list", COLUMNS="80").stdout
    assert "busy warning  volume each day above 350\n" in listed
    assert f"  {alert['id']}  version 1  400 " in listed
    args = ("metrics", "loan_default", "--metric", "recall", "--window", "1", "--segment", "*")
    printed = home.obs(*args, COLUMNS="80").stdout
    assert printed.startswith("All rows: window 1, version 1, segment *, metric recall.\n")
    assert "2024-03-02" in printed
    assert all(len(line) <= 80 for line in (listed + printed).splitlines())


def test_a_table_has_the_error_of_binning_where_there_is_one(ran):
    home, _ = ran
    args = ("metrics", "loan_default", "--window", "1", "--segment", "*")
    records = json.loads(home.obs(*args, "--metric", "psi", "--format", "json").stdout)
    errors = [record["error"] for record in records if record["error"]]
    assert errors
    printed = home.obs(*args, "--metric", "psi", COLUMNS="200").stdout
    assert {f"{error:.4g}" for error in errors} <= set(printed.split())
    assert "error" not in home.obs(*args, "--metric", "volume", COLUMNS="200").stdout


def test_filters_that_match_nothing_together_say_what_there_is(ran):
    home, _ = ran
    done = home.obs("metrics", "loan_default", "--from", "2024-03-05", "--metric", "psi", "--window", "1")
    assert done.returncode == 0
    assert done.stdout.split() == [
        *("day", "window", "version", "segment", "column", "metric"),
        *("value", "low", "high", "error", "n", "reason"),
    ]
    assert done.stderr.splitlines() == [
        "No metrics match all of that.",
        "  of --day there are: 2024-03-01, 2024-03-02, 2024-03-03",
    ]
    listed = home.obs("alerts", "list", "--rule", "busy", "--state", "resolved")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "  of --state there are: firing\n" in listed.stderr


@pytest.mark.parametrize(
    ("args", "there"),
    [
        (["metrics", "loan_default", "--version", "9"], "There are: *, 1."),
        (["metrics", "loan_default", "--column", "incomes", "--format", "parquet"], "mean 'income'?"),
        (["alerts", "list", "--model", "loan_default", "--rule", "bussy"], "mean 'busy'?"),
    ],
)
def test_a_name_that_there_is_not_gets_those_there_are(ran, args, there):
    home, _ = ran
    done = home.obs(*args)
    assert (done.returncode, done.stdout) == (2, "")
    assert there in done.stderr


@pytest.mark.parametrize(
    ("ran_until", "args", "wanted"),
    [
        (dt.date(2024, 3, 3), (None, "latest"), (dt.date(2024, 3, 4), dt.date(2024, 3, 5))),
        (None, (None, "2024-03-02"), (dt.date(2024, 3, 1), dt.date(2024, 3, 2))),
        (dt.date(2024, 3, 5), (None, "latest"), None),
        (dt.date(2024, 3, 5), ("2024-03-05", "latest"), (dt.date(2024, 3, 5), dt.date(2024, 3, 5))),
    ],
)
def test_a_backfill_goes_on_after_the_last_night(home, monkeypatch, ran_until, args, wanted):
    monkeypatch.setenv("OBS_MONITORS", str(home.monitors))
    monkeypatch.setattr(run, "_last_night", lambda _: ran_until)
    asked = []
    monkeypatch.setattr(run, "_nights", lambda _, first, last, *_how: asked.append((first, last)))
    run.backfill("loan_default", *args)
    assert asked == ([] if wanted is None else [wanted])


def test_no_alerts_are_said_to_be_none(ran):
    home, _ = ran
    assert home.obs("alerts", "list", "--state", "resolved").stdout == "No alert is resolved.\n"


def test_alerts_are_listed_and_shown(ran):
    home, _ = ran
    (alert,) = json.loads(home.obs("alerts", "list", "--state", "firing", "--format", "json").stdout)
    assert (alert["rule"], alert["state"], alert["version"]) == ("busy", "firing", "1")
    shown = home.obs("alerts", "show", alert["id"], COLUMNS="80")
    assert shown.returncode == 0
    assert shown.stdout.startswith("loan_default: busy warning, FIRING\n")
    assert re.search(r"rule +volume above 350", shown.stdout)
    assert re.search(r"since +2024-03-01, 3 nights in breach", shown.stdout)
    assert re.search(r"what to do +More rows than there should be.", shown.stdout)
    assert re.search(r"2024-03-02  400 .*█ +400  breach", shown.stdout)
    assert "a notification waits that it fires" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    (data,) = json.loads(home.obs("alerts", "show", alert["id"], "--format", "json").stdout)
    assert [(each["value"], each["verdict"]) for each in data["by_day"]] == [(400, "breach")] * 3
    assert [each["event"] for each in data["notifications"]] == ["firing"]
    unknown = home.obs("alerts", "show", "nope")
    assert unknown.returncode == 1
    assert "obs alerts list" in unknown.stderr


def test_a_rule_is_replayed_over_the_nights(ran, tmp_path):
    home, _ = ran
    page = tmp_path / "busy.html"
    done = home.obs("alerts", "test", "busy", "--plot", str(page), COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert "It would have fired once, over 3 nights, for 1 of 1 that it watches." in done.stdout
    assert re.search(r"01 Mar ███", done.stdout)
    assert re.search(r"350  as it is +1 +3 +1", done.stdout)
    assert max(map(len, done.stdout.splitlines())) <= 80 + len(str(page))
    assert "busy" in page.read_text()
    asked = ("alerts", "test", "busy", "--from", "2024-03-02", "--threshold", "500", "--format", "json")
    own, other = json.loads(home.obs(*asked).stdout)
    assert [own["fired"], own["firing_nights"], other["threshold"], other["fired"]] == [1, 2, 500.0, 0]
    assert own["episodes"][0]["fired_day"] == "2024-03-02"
    for wrong, told in ((["bussy"], "'busy'?"), (["busy", "--threshold", "much"], "no threshold")):
        refused = home.obs("alerts", "test", *wrong)
        assert (refused.returncode, told in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("obs run loan", ["loan_default"]),
        ("obs metrics loan_default --metric true_p", ["true_positives"]),
        ("obs alerts list --model loan_default --rule b", ["busy"]),
    ],
)
def test_a_shell_completes_names_that_there_are(ran, words, completed):
    home, _ = ran
    count = len(words.split()) - 1
    done = home.obs(_OBS_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(count))
    assert (done.stdout.split(), done.stderr) == (completed, "")


def test_report_writes_a_page_and_prints_where(ran, tmp_path):
    home, _ = ran
    done = home.obs("report", "loan_default", "--day", "2024-03-02", "--output", str(tmp_path / "page.html"))
    assert done.stdout == f"{tmp_path / 'page.html'}\n"
    assert "2024-03-02" in (tmp_path / "page.html").read_text()
    assert home.obs("report", "loan_default").stdout.endswith("loan_default-2024-03-03.html\n")
    never = home.obs("report", "loan_default", "--day", "2024-03-04")
    assert never.returncode == 1
    assert "obs run loan_default --day 2024-03-04" in never.stderr


def test_one_page_has_all_models_and_leads_to_their_pages(ran):
    home, _ = ran
    done = home.obs("report", "--all")
    assert done.stdout.endswith("/reports/index.html\n")
    page = Path(done.stdout.strip())
    assert '<a href="loan_default-2024-03-03.html">loan_default</a>' in page.read_text()
    assert (page.parent / "loan_default-2024-03-03.html").exists()
    for wrong in (["report"], ["report", "loan_default", "--all"]):
        assert home.obs(*wrong).returncode == 2


def test_status_tells_how_every_model_stands_and_filters(ran):
    home, _ = ran
    done = home.obs("status", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert {each["last_night"] for each in found} == {"2024-03-03"}
    # the nights of the last weeks did not run
    assert {each["state"] for each in found} <= {"failing", "overdue"}
    assert all("no night has run since that of 2024-03-03" in each["why"] for each in found)
    printed = home.obs("status", COLUMNS="80").stdout
    assert "was " in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert "0 of 1 models" in home.obs("status", "--state", "sound").stdout
    assert "Did you mean 'sound'" in home.obs("status", "--state", "sond").stderr


def test_a_monitor_that_is_wrong_is_one_row_among_the_others(ran, tmp_path):
    home, _ = ran
    (tmp_path / "loan_default.yaml").write_text((home.monitors / "loan_default.yaml").read_text())
    (tmp_path / "shop.yaml").write_text("model: shop\ncolour: red\n")
    done = home.obs("status", "--format", "json", OBS_MONITORS=str(tmp_path))
    states = {each["model"]: each["state"] for each in json.loads(done.stdout)}
    assert (done.returncode, states["shop"]) == (2, "misconfigured")
    assert states["loan_default"] in ("failing", "overdue")
    assert "shop.yaml:2:1: colour: The key is unknown" in done.stderr
    page = home.obs("report", "--all", "--output", str(tmp_path / "all.html"), OBS_MONITORS=str(tmp_path))
    assert page.returncode == 2
    assert "its monitor is wrong, shop.yaml:" in (tmp_path / "all.html").read_text()
    examined = json.loads(home.obs("doctor", "--format", "json", OBS_MONITORS=str(tmp_path)).stdout)
    found = {(each["about"], each["what"]): each["status"] for each in examined}
    assert (found["shop", "monitor"], found["loan_default", "last night"]) == ("fail", "ok")


def test_doctor_names_days_that_did_not_run(ran):
    home, _ = ran
    done = home.obs("doctor", "--format", "json")
    findings = {(each["about"], each["what"]): each for each in json.loads(done.stdout)}
    missing = findings["loan_default", "missing days"]
    assert (done.returncode, missing["status"]) == (1, "fail")
    assert "2024-03-04, 2024-03-05" in missing["detail"]
    assert findings["history", "store"]["status"] == "ok"
    assert "wait to be sent" in findings["notifications", "outbox"]["detail"]


def test_check_finds_the_sources(ran):
    home, _ = ran
    done = home.obs("check", "--format", "json")
    assert {each["what"]: each["status"] for each in json.loads(done.stdout)} == {
        "store": "ok",
        "tracking": "ok",
        "monitor": "ok",
        "logs": "ok",
        "columns": "ok",
        "contract": "ok",
        "labels": "ok",
        "baseline": "ok",
        "ids": "ok",
        "route": "ok",
    }
    assert done.returncode == 0


def test_other_thresholds_are_told_by_segment_whatever_its_values_are_called(ran):
    home, _ = ran
    done = home.obs("thresholds", "loan_default", "--segment", "region", "--false-negative", "5")
    assert done.returncode == 0, done.stderr
    assert "Version 1, region=[red]south[/]" in done.stdout
    assert "Errors cost least at" in done.stdout
    wrong = home.obs("thresholds", "loan_default", "--version", "none")
    assert (wrong.returncode, "Nothing of loan_default was predicted there" in wrong.stderr) == (2, True)
