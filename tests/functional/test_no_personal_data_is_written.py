"""Personal values in every column that may be marked, some of them illegal: nothing shows them."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

ASKED = """
import sys
from jobs.cli import main
for asked in (
    "check",
    "backfill loan --from 2024-03-01 --to 2024-03-02",
    f"quarantine loan --format json --output {sys.argv[1]}/rows.json",
    "quarantine loan",
    "metrics loan --format csv",
    "alerts list",
    "incidents",
    f"report loan --day 2024-03-02 --output {sys.argv[1]}/report.html",
):
    print(asked, flush=True)
    try:
        main(asked.split())
    except SystemExit:
        pass
"""
DAYS = ("2024-03-01", "2024-03-02")
#: What may have the values: the log, its copy, and the labels of its ids.
COPIES = ("logs", "labels", "lake/loan/inference_logs", "lake/loan/ground_truth", "lake/loan/labels")
MARK = "Ottilie"
INCOME = 7_654_321.25

MONITOR = """
model: loan
start: 2024-03-01
logs:
  source: jsonl
  path: {home}/logs/day={{day}}.jsonl
  columns: {{prediction_id: id, time: at, version: version, score: score, trace_id: trace, status: status}}
  pii: [id, trace, phone]
labels:
  source: jsonl
  path: {home}/labels/*.jsonl
  columns: {{prediction_id: id, label: bad}}
features:
  email: {{type: category, pii: true, unique: true}}
  street: {{type: category, column: customer.street, pii: true, allowed: [{streets}]}}
  income: {{type: number, min: 0, pii: true}}
  born: {{type: integer, pii: true}}
  married: {{type: boolean, pii: true}}
  term: {{type: integer}}
  rate: {{type: number}}
segments: [street]
baseline: {{kind: days, first: 2024-03-01, last: 2024-03-01}}
windows: [1]
quality: {{max_quarantined_share: 0.9}}
alerts:
  - {{name: busy, metric: volume, above: 10}}
  - {{name: moved, metric: psi, above: 0.0}}
  - {{name: together, metric: domain_auc, above: 0.0}}
  - {{name: dirty, metric: quarantined_share, above: 0.0}}
routes: [{{url: "log://"}}]
"""


def rows_of(day):
    random = np.random.default_rng(len(day) + int(day[-1]))
    n = 120
    return [
        {
            "id": f"{MARK}-id-{day}-{row}",
            "at": f"{day}T12:{row % 60:02}:00Z",
            "version": "1",
            "score": float(random.uniform()),
            "trace": f"{MARK}-trace-{row}",
            "status": "ok" if row % 9 else "failed",
            "phone": f"{MARK}-phone-{row}",
            "customer": {"street": f"{MARK} Street {row % 4}"},
            # every seventh address occurs twice, and some incomes are below the least, or no number
            "email": f"{MARK}.{row - (row % 7 == 1)}@example.org",
            "income": (INCOME + row) * (-1 if row % 11 == 0 else 1) if row % 13 else f"{MARK}-income",
            "born": 19_870_412 + row if row % 17 else f"{MARK}-born",
            "married": bool(row % 2) if row % 19 else f"{MARK}-married",
            "rate": float(random.normal()),
            "term": int(random.integers(1, 60)) if row % 23 else "short",
        }
        for row in range(n)
    ]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Two nights, and all that a person may ask about them."""
    home = tmp_path_factory.mktemp("night") / "home"
    for place in ("logs", "labels"):
        (home / place).mkdir(parents=True)
    (home.parent / "monitors").mkdir()
    streets = ", ".join(f"{MARK} Street {number}" for number in range(3))
    text = MONITOR.format(home=home, streets=streets)
    (home.parent / "monitors" / "loan.yaml").write_text(text)
    for day in DAYS:
        rows = rows_of(day)
        (home / "logs" / f"day={day}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        labels = [{"id": row["id"], "bad": place % 3 == 0} for place, row in enumerate(rows)]
        # ids that nobody knows, and one with two labels
        labels += [{"id": f"{MARK}-unknown-{day}", "bad": True}, {"id": rows[0]["id"], "bad": False}]
        (home / "labels" / f"{day}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in labels))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    environ = kept | {
        "OBS_HOME": str(home),
        "OBS_MONITORS": str(home.parent / "monitors"),
        "OBS_LOG_FILE": str(home / "night.log"),
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKED, str(home)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=home,
    )
    assert "backfill" in done.stdout, done.stderr
    return home, {"said": done.stdout + done.stderr}


def texts(home):
    """All that was written, as text: what is compressed is read."""
    for path in sorted(home.rglob("*")):
        place = path.relative_to(home).as_posix()
        if not path.is_file() or place.startswith(COPIES):
            continue
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            yield place, f"{table.schema.metadata} {table.to_pylist()}"
        else:
            yield place, path.read_bytes().decode("utf-8", "replace")


def test_no_file_and_no_answer_shows_a_personal_value(night):
    home, said = night
    written = dict(texts(home))
    assert {"history.db", "night.log", "report.html"} <= written.keys()
    assert any("evidently" in place for place in written), "Evidently's pages were made"
    for kept in ("quarantine", "multivariate_rows", "baseline_rows"):
        assert any(place.startswith(f"lake/loan/{kept}/") for place in written)
    shown = [*written.items(), *said.items()]
    for place, text in shown:
        streets = text.replace(f"{MARK} Street", "")  # what the monitor itself allows is no row's value
        assert MARK not in streets, (place, streets[max(streets.find(MARK) - 200, 0) :][:400])
        assert not any(f"{INCOME + row:.2f}".rstrip("0") in text for row in range(120)), place
        assert "19870" not in text, place


def test_pseudonyms_stand_where_identity_matters(night):
    home, _ = night
    rows = json.loads((home / "rows.json").read_text())
    assert rows
    assert all(row["id"].startswith("pii:") for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["income"] is None and row["married"] is None for row in rows)
    assert {row["phone"][:4] for row in rows} == {"pii:"}
    profile = pq.read_table(home / "lake/loan/profile" / f"day={DAYS[1]}" / "data.parquet").to_pandas()
    streets = profile[profile["column"] == "street"]
    assert streets.astype(str).apply(lambda column: column.str.startswith("pii:").any()).any()
    addresses = pq.read_table(home / "lake/loan/inference_logs" / f"day={DAYS[1]}" / "data.parquet")["email"]
    assert MARK in str(addresses), "the copy of the log is the log"
    key = home / "pii.key"
    assert key.stat().st_mode & 0o777 == 0o600
