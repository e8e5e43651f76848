"""A whole night with attributes that are held apart: no file that it writes has one beside an id."""

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from obs_dagster.history import History
from obs_dagster.metrics.registry import family

DAY, ROWS = "2024-03-02", 400
ASKED = f"""
import sys
from jobs.cli import main
for asked in (
    "check",
    "run loan --day {DAY}",
    "fairness loan --report audit.html",
    "quarantine loan --format json --output rows.json",
    "metrics loan --format csv --output metrics.csv",
    "report loan --day {DAY} --output report.html",
    "backup copy",
):
    print(asked, flush=True)
    try:
        main(asked.split())
    except SystemExit:
        pass
"""
MONITOR = """
model: loan
start: 2024-03-02
logs:
  source: parquet
  path: {home}/logs/{{day}}.parquet
  columns: {{prediction_id: id, time: at, version: version, score: score}}
labels:
  source: parquet
  path: {home}/labels/*.parquet
  columns: {{prediction_id: id, label: paid}}
features:
  customer: {{type: category}}
  income: {{type: number, min: 0}}
  region: {{type: category}}
segments: [region]
fairness:
  attributes: [faith, [faith, region]]
  held_apart: {{source: csv, path: {vault}/*.csv, columns: [faith], key: person, match: customer}}
baseline: {{kind: days, first: 2024-03-02, last: 2024-03-02}}
windows: [1]
quality: {{max_quarantined_share: 0.9}}
"""
FAITH = re.compile("faith-(?:old|new)")
ID = re.compile(r"(?:loan|customer)-\d{4}")


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night and what a person may ask about it; gives the home, the vault and what was said."""
    root = tmp_path_factory.mktemp("apart")
    home, vault = root / "home", root / "vault"
    for place in (home / "logs", home / "labels", vault, root / "monitors"):
        place.mkdir(parents=True)
    (root / "monitors/loan.yaml").write_text(MONITOR.format(home=home, vault=vault))
    rng, number = np.random.default_rng(1), np.arange(ROWS)
    people = pd.DataFrame(
        {"person": [f"customer-{each:04}" for each in number], "faith": rng.choice(["old", "new"], ROWS)}
    )
    people["faith"] = "faith-" + people["faith"]
    people[:360].to_csv(vault / "people.csv", index=False)
    log = pd.DataFrame(
        {
            "id": [f"loan-{each:04}" for each in number],
            "at": pd.Timestamp(DAY, tz="UTC") + pd.to_timedelta(number, "s"),
            "version": "1",
            "score": np.clip(rng.uniform(size=ROWS) - 0.3 * (people["faith"] == "faith-old"), 0, 1),
            "customer": people["person"],
            # one of forty breaks the contract
            "income": np.where(number % 40, rng.uniform(1, 9, ROWS), -1.0),
            "region": rng.choice(["east", "west"], ROWS),
        }
    )
    log.to_parquet(home / f"logs/{DAY}.parquet")
    pd.DataFrame({"id": log["id"], "paid": rng.random(ROWS) < 0.5}).to_parquet(home / "labels/1.parquet")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env=kept
        | {
            "OBS_HOME": str(home),
            "OBS_MONITORS": str(root / "monitors"),
            "OBS_LOG_FILE": str(home / "night.log"),
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=home,
    )
    assert "backup" in done.stdout, done.stderr
    return home, vault, done.stdout + done.stderr


def written(home):
    """By file all that was written, a line or row at a time."""
    for path in sorted(each for each in home.rglob("*") if each.is_file()):
        place = path.relative_to(home).as_posix()
        if place.startswith(("logs/", "labels/")):
            continue
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            yield place, [str(table.schema.metadata), *map(str, table.to_pylist())]
        else:
            yield place, path.read_bytes().decode("utf-8", "replace").splitlines()


def test_no_row_of_any_file_has_both_and_few_files_have_attributes_at_all(night):
    home, *_ = night
    told = set()
    for place, lines in written(home):
        for line in lines:
            if FAITH.search(line) and not place.endswith((".db", ".db-wal")):
                told.add(place)
                assert not ID.search(line), (place, line[:300])
    counts = {each for each in told if each.startswith("lake-apart/")}
    assert counts == {f"lake-apart/loan/groups/day={DAY}/data.parquet"}
    # what groups come to, and no row, is where people read it
    assert not {each for each in told if each.startswith(("lake/", "copy/lake"))}
    assert {"audit.html", "report.html", "metrics.csv"} <= told


def test_no_record_of_the_store_has_both(night):
    home, *_ = night
    with History.open(f"sqlite:///{home / 'history.db'}") as history, history.reading() as connection:
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = [name for (name,) in found]
        for name in tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"'):
                if FAITH.search(str(row)):
                    assert not ID.search(str(row)), name
    assert "metric" in " ".join(tables)


def test_groups_are_compared_all_the_same(night):
    home, vault, said = night
    metrics = pd.read_csv(home / "metrics.csv")
    fair = metrics[metrics["metric"].isin(family("fairness")) & (metrics["column"] == "faith")]
    ratio = fair.set_index("metric").loc["demographic_parity_ratio"]
    assert ratio["value"] < 0.8
    assert "faith=faith-old" in ratio["reason"]
    assert fair.set_index("metric").loc["group_unknown_share", "value"] == pytest.approx(0.1, abs=0.02)
    assert f"faith in 1 file: {vault}" in " ".join(said.split())
    assert "Not known: the group of" in (home / "report.html").read_text()
