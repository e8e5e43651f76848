"""Nights of a system of components: a fault of one of them fires, and its incident names that one first."""

import datetime as dt
import json
import shutil
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import yaml
from sqlalchemy import text

from jobs.cli.app import app
from jobs.execution import run_nights
from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.incidents.evidence import Evidence
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.alerts.incidents.suspects import ranked
from obs_dagster.catalogue import monitor_of
from obs_dagster.evaluation.component_days import count_spans
from obs_dagster.evaluation.component_records import component_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History, NightRecord
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.registry import family
from obs_dagster.settings import Settings

FIRST = dt.date(2024, 3, 4)
FAULT = dt.date(2024, 3, 22)
LAST = dt.date(2024, 3, 25)
REQUESTS = 160
MONITOR = {
    "model": "answers",
    "start": str(FIRST),
    "task": "binary_classification",
    "logs": {
        "source": "parquet",
        "path": "${OBS_HOME}/logs/{day}.parquet",
        "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
    },
    "features": {"length": {"type": "number"}},
    "baseline": {"kind": "rolling", "days": 7},
    "windows": [1, 7],
    "reports": {"evidently_every_days": 366},
    "components": {
        "path": "${OBS_HOME}/spans/{day}.jsonl",
        "prices": {"gpt-4o": {"input": 2.5, "output": 10}},
    },
}


def spans_of(day, rng, fault):
    """A day's requests: a retriever beside a tool, a reranker, then a model within an agent."""
    begin = int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp() * 1000)
    for number in range(REQUESTS):
        trace = f"{day:%Y%m%d}{number:024d}"
        start = begin + number * 500_000
        took = {
            name: rng.gamma(20, each / 20) for name, each in {"r": 60, "t": 40, "k": 80, "m": 400}.items()
        }
        tokens, failed, searches = int(rng.gamma(20, 30)), rng.uniform() < 0.01, True
        if fault == "slow reranker":
            took["k"] *= 6
        if fault == "failing tool":
            failed = rng.uniform() < 0.4
        if fault == "token explosion":
            tokens *= 5
        if fault == "no retrieval":
            searches = rng.uniform() < 0.2
        found = max(took["r"], took["t"])
        ranked_at, end = found + took["k"], found + took["k"] + took["m"]
        rows = [
            ("a", "", "answer", 0, end + 5, {}, failed),
            ("b", "a", "plan", 0, end, {"openinference.span.kind": "AGENT"}, failed),
            (
                "t",
                "b",
                "lookup",
                0,
                took["t"],
                {"openinference.span.kind": "TOOL", "tool.name": "lookup"},
                failed,
            ),
            (
                "k",
                "b",
                "rerank",
                found,
                ranked_at,
                {"openinference.span.kind": "RERANKER", "reranker.model_name": "bge"},
                False,
            ),
            (
                "m",
                "b",
                "ChatCompletion",
                ranked_at,
                end,
                {
                    "openinference.span.kind": "LLM",
                    "llm.model_name": "gpt-4o",
                    "llm.token_count.prompt": tokens,
                    "llm.token_count.completion": 50,
                },
                False,
            ),
        ]
        if searches:
            rows.append(("r", "b", "search", 0, took["r"], {"openinference.span.kind": "RETRIEVER"}, False))
        for span, parent, name, began, ended, about, broken in rows:
            yield {
                "name": name,
                "context": {"trace_id": trace, "span_id": span},
                "parent_id": parent or None,
                "start_time": int((start + began) * 1e6),
                "end_time": int((start + ended) * 1e6),
                "status": {"status_code": "ERROR" if broken else "UNSET"},
                "attributes": about,
            }


def write_spans(root, days, fault, seed):
    rng = np.random.default_rng(seed)
    for day in days:
        lines = "\n".join(json.dumps(each) for each in spans_of(day, rng, fault))
        (root / "spans" / f"{day}.jsonl").write_text(lines)


def days_between(first, last):
    return [first + dt.timedelta(number) for number in range((last - first).days + 1)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A home after eighteen nights without a fault, with the logs of the days after."""
    root = tmp_path_factory.mktemp("answers")
    rng = np.random.default_rng(0)
    for place in ("logs", "spans", "monitors"):
        (root / place).mkdir()
    for day in days_between(FIRST, LAST):
        at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(120), "min")
        rows = {"id": [f"{day}-{each}" for each in range(120)], "at": at, "model": "1"}
        rows |= {"score": rng.uniform(size=120), "length": rng.normal(size=120)}
        pd.DataFrame(rows).to_parquet(root / "logs" / f"{day}.parquet")
    write_spans(root, days_between(FIRST, FAULT - dt.timedelta(1)), "", 1)
    (root / "monitors" / "answers.yaml").write_text(yaml.safe_dump(MONITOR))
    stages(root, FIRST, FAULT - dt.timedelta(1))
    assert incidents_of(root) == []
    return root


def stages(root, first, last):
    """What nights do of components, without their other stages."""
    monitor = monitor_of(root / "monitors" / "answers.yaml", environ={"OBS_HOME": str(root)})
    settings = Settings(home=root)
    now = dt.datetime.combine(last, dt.time(6), dt.UTC) + dt.timedelta(days=1)
    night = Night(monitor, Lake(settings.lake_root), Recorder("answers", "run", now, monitor.task))
    with History.open(settings.history_url) as history:
        for day in days_between(first, last):
            count_spans(night, day)
            records = list(component_records(night, day))
            history.replace_metrics(records, model="answers", days=[day], metrics=family("components"))
            made = NightRecord(
                "answers",
                day,
                evaluated=True,
                reason="",
                rows=120,
                versions=("1",),
                run_id="run",
                finished_at=now,
            )
            history.record_night(made)
        evaluate_rules(monitor, history, as_of=last, now=now, run_id="run")


def incidents_of(root):
    """The incidents that there are, each with its suspects."""
    with History.open(Settings(home=root).history_url) as history, history.reading() as connection:
        return [
            (each, ranked(each, Evidence.of(connection, each), lambda _: "", ()))
            for each in list_incidents(history, "answers")
        ]


@pytest.mark.parametrize(
    ("fault", "rule", "component"),
    [
        ("slow reranker", "component_slow", "reranker bge"),
        ("failing tool", "component_fails", "tool lookup"),
        ("token explosion", "component_tokens_up", "llm gpt-4o"),
        ("no retrieval", "component_unused", "retriever search"),
    ],
)
def test_an_incident_names_the_component_in_which_it_began(quiet, tmp_path, fault, rule, component):
    root = tmp_path / "home"
    shutil.copytree(quiet, root)
    write_spans(root, days_between(FAULT, LAST), fault, 2)
    stages(root, FAULT, LAST)
    [(incident, suspects)] = incidents_of(root)
    fired = {(alert.rule, alert.column) for alert in incident.alerts}
    assert (rule, component) in fired
    # what calls the component is as slow as it, or fails with it, and is not named
    assert {column for _, column in fired} <= {component, ""}
    assert incident.since == FAULT
    assert (suspects[0].kind, suspects[0].about) == ("component", component)


def test_whole_nights_tell_people(quiet, tmp_path, monkeypatch, capsys):
    root = tmp_path / "home"
    shutil.copytree(quiet, root)
    last = FAULT + dt.timedelta(1)
    write_spans(root, days_between(FAULT, last), "slow reranker", 2)
    # a file that is damaged stops no night, and is told
    damaged = last + dt.timedelta(2)
    (root / "spans" / f"{damaged}.jsonl").write_text('{"context": ')
    monkeypatch.setenv("OBS_HOME", str(root))
    monkeypatch.setenv("OBS_MONITORS", str(root / "monitors"))
    monkeypatch.setenv("DAGSTER_HOME", "")
    # the report itself is another test's, and takes longest
    report = mock.Mock(verdicts=[], days=[], published=[])
    monkeypatch.setattr("assets.mlflow_report.publish_nights", mock.Mock(return_value=report))
    settings = Settings(home=root)
    done = run_nights(monitor_of(root / "monitors" / "answers.yaml"), FAULT, damaged, settings=settings)
    assert done.success, done.failures
    with History.open(settings.history_url) as history, history.reading() as connection:
        told = " ".join(connection.execute(text("SELECT notification FROM outbox")).scalars())
    assert f"reranker bge since {FAULT}: requests wait" in told
    assert f"{damaged}.jsonl" in told
    capsys.readouterr()
    app(["components", "answers", "--day", str(last)], standalone_mode=False)
    told = capsys.readouterr().out
    assert f"Likely began in reranker bge since {FAULT}: requests wait" in told
