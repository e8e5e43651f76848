"""Nights of a system whose quality depends on what components did, and components that differ by version."""

import datetime as dt
import json
import shutil
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import recall_score

from jobs.cli.app import app
from jobs.execution import run_nights
from obs_dagster.alerts.rules.alert import list_alerts
from obs_dagster.catalogue import monitor_of
from obs_dagster.erasure.forget import Erasure
from obs_dagster.evaluation.component_days import component_table, count_spans
from obs_dagster.evaluation.component_outcomes import (
    matched_in_words,
    reduce_component_outcomes,
    stale_component_outcomes,
)
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.registry import family
from obs_dagster.settings import Settings
from obs_dagster.sources.files import connect
from obs_dagster.spans.meaning import trace_key

FIRST, LAST = dt.date(2024, 3, 4), dt.date(2024, 3, 6)
REQUESTS = 300
MONITOR = {
    "model": "answers",
    "start": str(FIRST),
    "task": "binary_classification",
    "logs": {
        "source": "parquet",
        "path": "${OBS_HOME}/logs/{day}.parquet",
        "columns": {
            "prediction_id": "id",
            "time": "at",
            "version": "model",
            "score": "score",
            "trace_id": "trace",
        },
    },
    "labels": {
        "source": "parquet",
        "path": "${OBS_HOME}/labels/*.parquet",
        "columns": {"prediction_id": "id", "label": "label"},
        "max_delay_days": 1,
    },
    "features": {"length": {"type": "number"}},
    "baseline": {"kind": "rolling", "days": 7},
    "windows": [1, 7],
    "reports": {"evidently_every_days": 366},
    "components": {"path": "${OBS_HOME}/spans/{day}.jsonl"},
    "alerts": [
        {
            "name": "wrong_without_reranking",
            "metric": "recall",
            "below": 0.8,
            "window": 7,
            "segments": ["component rerank*=failed"],
            "min_rows": 20,
        },
        {
            "name": "version_2_is_slow",
            "metric": "component_own_p95",
            "above": 200,
            "versions": ["2"],
            "components": ["reranker *"],
        },
        {"name": "search_is_slow", "metric": "component_own_p95", "above": 100},
    ],
}


def rows_of(day):
    """A day's requests: where the reranker fails the score says nothing; version 2 waits longer for it."""
    rng = np.random.default_rng(day.toordinal())
    label = rng.uniform(size=REQUESTS) < 0.5
    failed = rng.uniform(size=REQUESTS) < 0.2
    good = np.clip(0.6 * label + rng.uniform(0, 0.45, REQUESTS), 0, 1)
    score = np.where(failed, rng.uniform(size=REQUESTS), good)
    return pd.DataFrame(
        {
            "id": [f"{day}-{each}" for each in range(REQUESTS)],
            "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(REQUESTS) * 4, "min"),
            "model": np.where(np.arange(REQUESTS) % 2, "2", "1"),
            "score": score,
            "length": rng.normal(size=REQUESTS),
            # MLflow writes the id of a trace otherwise than spans do
            "trace": [f"tr-{day:%Y%m%d}{each:024x}" for each in range(REQUESTS)],
            "label": label,
            "failed": failed,
            "fallback": rng.uniform(size=REQUESTS) < 0.3,
            "took": rng.gamma(20, 4, REQUESTS) * np.where(np.arange(REQUESTS) % 2, 3, 1),
        }
    )


def spans_of(rows):
    for row in rows.itertuples():
        began = row.at.value
        rerank = {"openinference.span.kind": "RERANKER", "reranker.model_name": "a=b,c"}
        spans = [
            ("a", None, "answer", 0, row.took + 50, {}, False),
            ("k", "a", "rerank", 10, 10 + row.took, rerank, row.failed),
        ]
        if row.fallback:
            judged = {"evaluations.0.evaluation.name": "relevance", "evaluations.0.evaluation.score": 0.5}
            retriever = {"openinference.span.kind": "RETRIEVER", **judged}
            spans.append(("f", "a", "fallback", 0, 9, retriever, False))
        for span, parent, name, begin, end, attributes, failed in spans:
            yield {
                "name": name,
                "context": {"trace_id": row.trace.removeprefix("tr-"), "span_id": span},
                "parent_id": parent,
                "start_time": int(began + begin * 1e6),
                "end_time": int(began + end * 1e6),
                "status": {"status_code": "ERROR" if failed else "UNSET"},
                "attributes": attributes,
            }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home after three nights, with its rows."""
    root = tmp_path_factory.mktemp("answers")
    for place in ("logs", "labels", "spans", "monitors"):
        (root / place).mkdir()
    days = [FIRST + dt.timedelta(each) for each in range((LAST - FIRST).days + 1)]
    rows = pd.concat([rows_of(day).assign(day=day) for day in days], ignore_index=True)
    for day, mine in rows.groupby("day"):
        logged = ["id", "at", "model", "score", "length", "trace"]
        mine[logged].to_parquet(root / "logs" / f"{day}.parquet")
        mine[["id", "label"]].to_parquet(root / "labels" / f"{day}.parquet")
        (root / "spans" / f"{day}.jsonl").write_text("\n".join(map(json.dumps, spans_of(mine))))
    (root / "monitors" / "answers.yaml").write_text(yaml.safe_dump(MONITOR))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBS_HOME", str(root))
        patch.setenv("DAGSTER_HOME", "")
        # the report itself is another test's, and takes longest
        report = mock.Mock(verdicts=[], days=[], published=[])
        patch.setattr("assets.mlflow_report.publish_nights", mock.Mock(return_value=report))
        monitor = monitor_of(root / "monitors" / "answers.yaml")
        done = run_nights(monitor, FIRST, LAST, settings=Settings(home=root))
    assert done.success, done.failures
    return root, rows, monitor


def records(root, **wanted):
    with History.open(Settings(home=root).history_url) as history:
        return history.metrics("answers", **wanted)


@pytest.mark.parametrize("version", ["1", "2"])
def test_quality_is_that_of_the_rows_whose_requests_did_so(home, version):
    root, rows, _ = home
    cells = {
        "component reranker a%3Db%2Cc=failed": rows.failed,
        "component retriever fallback=not used": ~rows.fallback,
    }
    for segment, which in cells.items():
        mine = rows[which & (rows.model == version)]
        expected = recall_score(mine.label, mine.score >= 0.5)
        [found] = records(
            root, days=[LAST], windows=[7], versions=[version], segments=[segment], metrics=["recall"]
        )
        assert found.value == pytest.approx(expected)
        assert found.n == mine.label.sum()


def test_slow_is_the_slowest_tenth_of_each_day(home):
    root, rows, _ = home
    kept = Lake(Settings(home=root).lake_root).table("answers", "component_parts").read(LAST).to_pandas()
    reranker = kept[kept.component == "reranker a=b,c"].set_index("request").part
    mine = rows[rows.day == LAST]
    with connect() as connection:
        keys = connection.sql(f"SELECT {trace_key('trace')} FROM mine").fetchnumpy()
    part = reranker.reindex(next(iter(keys.values()))).to_numpy()
    assert (part[mine.failed] == "failed").all()
    slowest = mine.took.rank(ascending=False).to_numpy() <= 0.09 * REQUESTS
    assert (part[slowest & ~mine.failed.to_numpy()] == "slow").all()
    assert (part == "slow").sum() <= 0.1 * REQUESTS


def test_components_are_told_of_each_version(home):
    root, rows, _ = home
    mine = rows[rows.day == LAST]
    for version, expected in (("*", mine), *mine.groupby("model")):
        [found] = records(
            root,
            days=[LAST],
            windows=[1],
            versions=[version],
            columns=["reranker a=b,c"],
            metrics=["component_own_time"],
        )
        assert found.value == pytest.approx(expected.took.mean(), rel=1e-5)


def test_rules_watch_what_components_did_and_single_versions_where_they_name_them(home):
    root, _, monitor = home
    with History.open(Settings(home=root).history_url) as history:
        found = {(each.rule, each.version, each.segment) for each in list_alerts(history, monitor.model)}
    assert {
        ("wrong_without_reranking", "1", "component reranker a%3Db%2Cc=failed"),
        ("wrong_without_reranking", "2", "component reranker a%3Db%2Cc=failed"),
        ("version_2_is_slow", "2", "*"),
        ("search_is_slow", "*", "*"),
    } == found


def test_people_are_told(home, monkeypatch, capsys):
    root, *_ = home
    monkeypatch.setenv("OBS_HOME", str(root))
    monkeypatch.setenv("OBS_MONITORS", str(root / "monitors"))
    app(["components", "answers", "--day", str(LAST)], standalone_mode=False)
    told = " ".join(capsys.readouterr().out.split())
    assert "Worse: recall of version 1 is" in told
    assert "in requests in which reranker a=b,c failed" in told
    assert "Components by version on 2024-03-06" in told
    assert "retriever fallback: relevance" in told
    app(["components", "answers", "--day", str(LAST), "--format", "json"], standalone_mode=False)
    rows = json.loads(capsys.readouterr().out)
    failed = [each for each in rows if each["did"] == "failed" and each["metric"] == "recall"]
    assert {each["version"] for each in failed} == {"1", "2"}
    assert all(each["value"] < each["usual"] and not each["as_usual"] for each in failed)


def test_what_is_forgotten_has_no_request(home):
    root, rows, monitor = home
    settings = Settings(home=root)
    lake, gone = Lake(settings.lake_root), rows[rows.day == FIRST].iloc[0]
    with connect() as connection:
        key = connection.sql(f"SELECT {trace_key(repr(gone.trace))}").fetchall()[0][0]
    parts = lake.table("answers", "component_parts")
    before = parts.read(FIRST)["request"].to_pylist()
    assert key in before
    with History.open(settings.history_url) as history:
        erasure = Erasure(monitor, lake, history, root / "reports", root / "artifacts")
        erasure.forget([gone.id], by="test", now=dt.datetime(2024, 3, 8, tzinfo=dt.UTC))
    assert parts.read(FIRST)["request"].to_pylist() == [each for each in before if each != key]


def test_who_has_no_ids_of_traces_is_told_what_to_give(home, tmp_path, monkeypatch, capsys):
    root, *_ = home
    copy = tmp_path / "home"
    shutil.copytree(root, copy)
    shutil.rmtree(copy / "lake" / "answers" / "component_outcomes")
    without = {role: name for role, name in MONITOR["logs"]["columns"].items() if role != "trace_id"}
    monitor = MONITOR | {"logs": MONITOR["logs"] | {"columns": without}}
    (copy / "monitors" / "answers.yaml").write_text(yaml.safe_dump(monitor))
    monkeypatch.setenv("OBS_HOME", str(copy))
    monkeypatch.setenv("OBS_MONITORS", str(copy / "monitors"))
    monitor = monitor_of(copy / "monitors" / "answers.yaml")
    lake = Lake(Settings(home=copy).lake_root)
    night = Night(monitor, lake, Recorder("answers", "run", dt.datetime.now(dt.UTC), monitor.task))
    assert stale_component_outcomes(night) == {FIRST + dt.timedelta(each) for each in range(3)}
    assert list(reduce_component_outcomes(night, [LAST])) == [LAST]
    assert matched_in_words(night, LAST) == (
        f"of {REQUESTS} rows 0 have spans of their request, by `id`: give `logs.columns.trace_id`, or "
        "`components.match`"
    )
    with History.open(Settings(home=copy).history_url) as history:
        days = [FIRST + dt.timedelta(each) for each in range(3)]
        history.replace_metrics([], model="answers", days=days, metrics=family("performance"))
    app(["components", "answers", "--day", str(LAST)], standalone_mode=False)
    assert "Quality by component is not known: of 300 rows 0" in " ".join(capsys.readouterr().out.split())


def test_what_was_counted_stays_when_the_files_are_gone(home, tmp_path, monkeypatch):
    root, *_ = home
    copy = tmp_path / "home"
    shutil.copytree(root, copy)
    monkeypatch.setenv("OBS_HOME", str(copy))
    monitor = monitor_of(copy / "monitors" / "answers.yaml")
    night = Night(
        monitor, Lake(Settings(home=copy).lake_root), Recorder("answers", "run", dt.datetime.now(dt.UTC), "")
    )
    before = component_table(night).read(LAST)
    assert before.num_rows
    (copy / "spans" / f"{LAST}.jsonl").unlink()
    count_spans(night, LAST)
    assert component_table(night).read(LAST).equals(before)
    # what is written anew counts anew
    (copy / "spans" / f"{LAST}.jsonl").write_text("")
    count_spans(night, LAST)
    assert component_table(night).read(LAST).num_rows < before.num_rows
