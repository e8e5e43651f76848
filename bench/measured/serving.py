"""A service that records each of its requests, and the same service without a log."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from bench.clock import Clock, run

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_FEATURES = {f"feature_{number}": number * 1.2512345 for number in range(18)} | {
    "origin": "JFK",
    "late": True,
}
_REQUEST = {
    "type": "http",
    "method": "POST",
    "path": "/predict",
    "headers": [
        (b"host", b"x"),
        (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ],
}


def serve(way: str, requests: int) -> None:
    """Answer requests one after the other, then wait until all rows are written.

    Args:
        way: `record` alone, `middleware`, or that with `prometheus`, or with `spans`; `parquet` is the
            middleware with files of Parquet.
        requests: how many.
    """
    clock = Clock()
    with clock.importing():
        from obs_dagster.serving import ASGIMiddleware, InferenceLog
    options: dict[str, Any] = {}
    if way == "prometheus":
        from prometheus_client import CollectorRegistry

        options["prometheus"] = CollectorRegistry()
    if way == "spans":
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider

        trace.set_tracer_provider(TracerProvider())
        options["spans"] = True
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        log = InferenceLog(
            folder, version="3", most=requests, format="parquet" if way == "parquet" else "jsonl", **options
        )

        async def bare(_scope: Any, _receive: Any, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})

        async def app(scope: Any, receive: Any, send: Send) -> None:
            log.record(_FEATURES, score=0.25)
            await bare(scope, receive, send)

        def alone() -> float:
            began = time.thread_time()
            for _ in range(requests):
                log.record(_FEATURES, score=0.25, latency_ms=12.5)
            return time.thread_time() - began

        without = 0.0 if way == "record" else asyncio.run(_asked(bare, requests))
        began = time.process_time()
        with clock.phase("requests"):
            spent = alone() if way == "record" else asyncio.run(_asked(ASGIMiddleware(app, log), requests))
        with clock.phase("written"):
            log.close()
        lasted = time.process_time() - began
        counts = log.counts()
    micros = (spent - without) / requests * 1e6
    clock.report(micros=micros, per_second=counts.written / lasted, dropped=counts.lost)


async def _asked(app: Callable[..., Awaitable[None]], requests: int) -> float:
    """CPU seconds of the thread that serves."""

    async def sent(_message: MutableMapping[str, Any]) -> None:
        return None

    began = time.thread_time()
    for _ in range(requests):
        await app(_REQUEST, None, sent)
    return time.thread_time() - began


if __name__ == "__main__":
    run(serve)
