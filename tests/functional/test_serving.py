"""From a service to a night: uvicorn serves, `obs init` writes a monitor of its log, the stages read it."""

import asyncio
import datetime as dt
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pandas as pd
import pytest

from jobs.cli import main
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.hourly import hourly_records
from obs_dagster.evaluation.hours import count_hours
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.monitor.objectives import LatencyObjective, Objectives
from obs_dagster.quality.day import validate_days
from obs_dagster.serving.parquet import as_parquet
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from tests.coroutines import run_apart
from tests.functional.conftest import Place

FIRST = dt.date(2024, 3, 1)
DAYS = [FIRST + dt.timedelta(days=back) for back in range(4)]
REQUESTS = 40
NOW = dt.datetime(2024, 3, 8, tzinfo=dt.UTC)

SERVICE = """
import hashlib, sys
from fastapi import FastAPI, HTTPException
from obs_dagster.serving import ASGIMiddleware, InferenceLog

log = InferenceLog(sys.argv[1], version="3")
app = FastAPI()

@app.post("/predict")
def predict(given: dict):
    at = given.pop("at")
    score = int(hashlib.sha256(str(given).encode()).hexdigest()[:8], 16) / 2**32
    log.record(given, score=score, time=at)
    if given["amount"] > 95:
        raise HTTPException(503)
    return {"score": score}

@app.post("/outcome")
def outcome(given: dict):
    log.label(given["id"], given["score"] > 0.5, known_at=given["at"])

app.add_middleware(ASGIMiddleware, log=log, paths=["/predict"])

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, fd=int(sys.argv[2]), log_level="warning")
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder of a log that a service wrote, and what its clients know of their requests."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "service.py").write_text(SERVICE)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        service = subprocess.Popen(
            [sys.executable, folder / "service.py", folder / "log", str(listening.fileno())],
            pass_fds=[listening.fileno()],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        try:
            known = run_apart(_ask(listening.getsockname()[1]))
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(30)
    return folder / "log", pd.DataFrame(known)


async def _ask(port: int) -> list[dict]:
    limits = httpx.Limits(max_connections=8)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits) as client:
        numbers = [(day, number) for day in DAYS for number in range(REQUESTS)]
        return await asyncio.gather(*(_request(client, day, number) for day, number in numbers))


async def _request(client: httpx.AsyncClient, day: dt.date, number: int) -> dict:
    at = dt.datetime.combine(day, dt.time(number % 6, number), dt.UTC).timestamp()
    given = {"amount": (number * 37) % 100, "country": "CH" if number % 3 else "DE", "age": number % 50}
    answer = await client.post("/predict", json=given | {"at": at})
    name, score = answer.headers["x-prediction-id"], answer.json().get("score")
    if score is not None:
        await client.post("/outcome", json={"id": name, "score": score, "at": at + 86_400})
    return {"day": day, "id": name, "status": answer.status_code}


@pytest.fixture(params=["jsonl", "parquet"])
def log(request, served, tmp_path):
    """The log as the service wrote it, or as it would have written Parquet."""
    folder = served[0]
    assert not list(folder.rglob("*.part"))
    if request.param == "jsonl":
        return folder
    shutil.copytree(folder, tmp_path / "log")
    for file in (tmp_path / "log").rglob("*.jsonl"):
        as_parquet()(file.rename(f"{file}.part"))
    return tmp_path / "log"


def test_a_night_reads_what_a_service_wrote_without_an_edit(log, served, tmp_path, capsys):
    place = Place(tmp_path, tmp_path / "monitors" / "shop.yaml")
    with place.environment():
        with pytest.raises(SystemExit) as ended:
            main(["init", "shop", "--logs", str(log / "predictions"), "--labels", str(log / "labels")])
        assert ended.value.code == 0, capsys.readouterr().out
    monitor, lake = place.monitor, place.lake
    roles = monitor.logs.columns
    assert (roles.prediction_id, roles.time, roles.version) == ("prediction_id", "time", "version")
    assert (roles.score, roles.latency_ms, roles.status) == ("score", "latency_ms", "status")
    assert roles.request is None
    assert sorted(monitor.features) == ["age", "amount", "country"]
    night = Night(monitor, lake, Recorder(monitor.model, "run", NOW, task=monitor.task))
    for day in DAYS:
        ingest_logs(monitor, day, lake)
    assert all(quality.quarantined == 0 for _, quality in validate_days(monitor, DAYS, lake))
    ingest_labels(monitor, lake)
    prepare_baseline(monitor, lake)
    list(profile_days(night, DAYS))
    list(reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))))
    found = {}
    for day in DAYS:
        for record in [*service_records(night, day), *performance_records(night, day)]:
            if (record.window, record.segment, record.column) == (1, "*", ""):
                found[day, record.metric] = record.value
    for day, requests in served[1].groupby("day"):
        assert found[day, "volume"] == len(requests)
        assert found[day, "error_share"] == pytest.approx((requests["status"] != 200).mean())
        assert found[day, "recall"] == 1.0
        assert found[day, "latency_p95"] > 0
    asked = Objectives(availability=0.9, latency=LatencyObjective(under_ms=60_000, target=0.9))
    promised = replace(night, monitor=monitor.model_copy(update={"objectives": asked}))
    count_hours(promised, DAYS)
    kept = {each.metric: each for each in hourly_records(promised, DAYS[-1])}
    failed = (served[1]["status"] != 200).mean()
    assert kept["availability_reached"].value == pytest.approx(1 - failed)
    assert kept["availability_budget_left"].value == pytest.approx(1 - failed / 0.1)
    assert (kept["latency_reached"].value, kept["latency_reached"].n) == (1.0, len(served[1]))
