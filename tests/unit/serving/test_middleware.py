"""Requests of real frameworks: latency, status and ids of the rows that they record."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException
from flask import Flask, request
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from obs_dagster.serving import ASGIMiddleware, InferenceLog, WSGIMiddleware
from obs_dagster.serving.request import Request
from tests.coroutines import run_apart

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "x-request-id": "r-17"}


@pytest.fixture(params=["flask", "fastapi"])
def client(request, tmp_path):
    """Posts to a service of either framework: a function from path and headers to status and headers."""
    log = InferenceLog(tmp_path, version="3", model="m", prometheus=CollectorRegistry())
    return {"flask": _flask, "fastapi": _fastapi}[request.param](log), log


def _predict(log: InferenceLog, path: str) -> None:
    if path != "early":
        log.record({"path": path}, score=0.5)
    if path in ("broken", "early"):
        raise RuntimeError(path)


def _flask(log: InferenceLog):
    app = Flask(__name__)

    @app.post("/<path>")
    def predict(path):
        if path == "refused":
            return "no", 422
        if path != "health":
            _predict(log, path)
        return {"id": request.headers.get("x-request-id")}

    app.wsgi_app = WSGIMiddleware(app.wsgi_app, log, ["/early", "/refused"])

    def post(path, headers):
        answer = app.test_client().post(path, headers=headers)
        answer.close()
        return answer.status_code, answer.headers

    return post


def _fastapi(log: InferenceLog):
    app = FastAPI()

    @app.post("/{path}")
    def predict(path: str):  # in a thread
        if path == "refused":
            raise HTTPException(422)
        if path != "health":
            _predict(log, path)

    app.add_middleware(ASGIMiddleware, log=log, paths=["/early", "/refused"])
    return lambda path, headers: run_apart(_post(app, path, headers))


async def _post(app: FastAPI, path: str, headers: dict, *, raises: bool = False):
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        answer = await client.post(path, headers=headers)
    return answer.status_code, answer.headers


def _rows(log: InferenceLog, folder) -> list[dict]:
    log.close()
    rows = [json.loads(line) for file in folder.rglob("*.jsonl") for line in file.read_text().splitlines()]
    return sorted(rows, key=lambda row: row["time"])


def test_a_row_has_latency_status_and_ids_of_its_request(client, tmp_path):
    post, log = client
    status, headers = post("/fine", SENT)
    assert (status, headers["x-request-id"]) == (200, "r-17")
    assert post("/broken", {})[0] == 500
    assert post("/early", SENT)[0] == 500
    assert post("/refused", SENT)[0] == 422
    assert post("/health", {"x-request-id": "x" * 999})[0] == 200
    fine, broken, early = _rows(log, tmp_path)
    assert fine["prediction_id"] == headers["x-prediction-id"]
    assert (fine["status"], fine["trace_id"], fine["request_id"], fine["path"]) == (
        "200",
        TRACE,
        "r-17",
        "fine",
    )
    assert fine["latency_ms"] > 0
    assert (broken["status"], broken["path"], broken["trace_id"]) == ("500", "broken", None)
    assert len(broken["request_id"]) == 32
    assert (early["status"], "score" in early, early["trace_id"]) == ("500", False, TRACE)
    assert early["latency_ms"] > 0


def test_latency_ends_with_the_answer_and_not_with_what_is_done_after_it(tmp_path):
    log, app = InferenceLog(tmp_path, version="3"), FastAPI()
    done = []

    @app.post("/")
    async def predict(later: BackgroundTasks):
        async def work():
            await asyncio.sleep(0.2)
            done.append(1)

        log.record({}, score=1)
        later.add_task(work)

    app.add_middleware(ASGIMiddleware, log=log)
    run_apart(_post(app, "/", {}))
    (row,) = _rows(log, tmp_path)
    assert done == [1]
    assert row["latency_ms"] < 200


def test_a_request_that_nobody_waits_for_is_told_apart_and_the_end_of_a_server_finishes_files(tmp_path):
    log, app = InferenceLog(tmp_path, version="3"), FastAPI()

    @app.post("/")
    async def predict():
        log.record({}, score=1)
        await asyncio.sleep(60)

    app.add_middleware(ASGIMiddleware, log=log)

    async def serve():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_post(app, "/", {}, raises=True), 0.2)
        said = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive():
            return next(said)

        async def send(message):
            assert message["type"].endswith(".complete")

        await app({"type": "lifespan", "state": {}}, receive, send)

    run_apart(serve())
    rows = [json.loads(line) for file in tmp_path.rglob("*.jsonl") for line in file.read_text().splitlines()]
    assert [row["status"] for row in rows] == ["499"]


def test_prometheus_has_latencies_with_traces_and_what_became_of_rows(tmp_path):
    registry = CollectorRegistry()
    log = InferenceLog(
        tmp_path, version="3", model="m", prometheus=registry, buckets=[0.3, 1.0], most=3, every=60
    )
    log.record({}, latency_ms=250, trace_id=TRACE)
    log.record({}, latency_ms=500, status="500")
    log.record({}, latency_ms=500, status="404")
    log.record({})
    log.close()
    told = generate_latest(registry).decode()
    name = "inference_request_duration_seconds"
    assert (
        f'{name}_bucket{{le="0.3",model="m",outcome="ok",version="3"}} 1.0 # {{trace_id="{TRACE}"}} 0.25'
        in told
    )
    assert f'{name}_count{{model="m",outcome="error",version="3"}} 1.0' in told
    assert f'{name}_count{{model="m",outcome="refused",version="3"}} 1.0' in told
    assert 'inference_log_rows_total{model="m",result="written"} 3.0' in told
    assert 'inference_log_rows_total{model="m",result="dropped: queue full"} 1.0' in told
    rules = (Path(__file__).parents[3] / "deploy/prometheus/serving-rules.yaml").read_text()
    asked = set(re.findall(r"\binference_(?:request|log)_[a-z_]+", rules))
    assert len(asked) == 4
    assert all(f"\n{each}{{" in told for each in asked)
    assert 'le="0.3"' in rules
    for number in range(60):
        log.record({}, latency_ms=1, version=f"v{number}")
    told = generate_latest(registry).decode()
    assert f'{name}_count{{model="m",outcome="ok",version="other"}} 11.0' in told


def test_a_request_is_a_span_whose_trace_is_in_the_row(tmp_path, monkeypatch):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
    log = InferenceLog(tmp_path, version="3", model="m", spans=True)
    # FastAPI makes spans of its own, which are then told of the model
    post = _flask(log)
    post("/fine", SENT)
    post("/broken", {})
    fine, broken = _rows(log, tmp_path)
    log.close()
    first, second = exporter.get_finished_spans()
    assert f"{first.parent.span_id:016x}" == SENT["traceparent"].split("-")[2]
    assert first.end_time > first.start_time
    assert (
        (first.name, f"{first.context.trace_id:032x}")
        == ("POST /fine", TRACE)
        == ("POST /fine", fine["trace_id"])
    )
    assert first.attributes["http.response.status_code"] == 200
    assert first.attributes["obs.prediction_id"] == fine["prediction_id"]
    assert f"{second.context.trace_id:032x}" == broken["trace_id"]
    assert not second.status.is_ok


def test_a_span_is_above_what_happens_in_its_request_and_keeps_what_it_is_told(tmp_path, monkeypatch):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
    log = InferenceLog(tmp_path, version="3", spans=True)

    def predict():
        with provider.get_tracer("service").start_as_current_span("below"):
            pass
        span = trace.get_current_span()
        span.set_attribute("tenant", "a")
        span.add_event("cache missed", {"key": 3})
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"), log.span(Request(None, None), "POST", "/predict"):
        predict()
    log.close()
    below, served = exporter.get_finished_spans()
    assert (below.parent.span_id, below.context.trace_id) == (served.context.span_id, served.context.trace_id)
    assert (served.attributes["tenant"], served.parent) == ("a", None)
    assert [each.name for each in served.events] == ["cache missed", "exception"]
    assert "damaged" in served.events[1].attributes["exception.stacktrace"]
    assert not served.status.is_ok


@pytest.mark.parametrize(("flags", "kept"), [("01", 1), ("00", 0)])
def test_who_calls_decides_whether_a_span_is_kept(tmp_path, monkeypatch, flags, kept):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
    log = InferenceLog(tmp_path, version="3", spans=True)
    sent = Request(None, f"00-{TRACE}-b7ad6b7169203331-{flags}")
    with log.span(sent, "POST", "/predict"):
        assert trace.get_current_span().get_span_context().trace_flags.sampled == bool(kept)
    log.close()
    assert len(exporter.get_finished_spans()) == kept
    assert sent.trace_id == TRACE


class _Of(Sampler):
    """Decides by the name of spans, and says why in an attribute."""

    def should_sample(self, _parent, _trace_id, name, *_args, **_more):
        kept = Decision.RECORD_AND_SAMPLE if "predict" in name else Decision.DROP
        return SamplingResult(kept, {"sampler": name})

    def get_description(self):
        return "by name"


def test_a_sampler_of_the_service_is_asked_and_what_it_adds_is_kept(tmp_path, monkeypatch):
    exporter, provider = InMemorySpanExporter(), TracerProvider(sampler=_Of())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
    log = InferenceLog(tmp_path, version="3", spans=True)
    # the header has a trace, and no span that could be above
    nobody = Request(None, f"00-{TRACE}-{'0' * 16}-01")
    for path in ("/predict", "/health"):
        with log.span(nobody, "GET", path):
            asked = trace.get_current_span().get_span_context()
            assert (asked.is_valid, asked.trace_flags.sampled) == (True, path == "/predict")
            if path == "/predict":
                kept = asked
    log.close()
    (served,) = exporter.get_finished_spans()
    assert (served.parent, served.context) == (None, kept)
    assert (served.attributes["sampler"], served.attributes["url.path"]) == ("GET /predict", "/predict")
