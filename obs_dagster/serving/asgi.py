"""Middleware for ASGI: FastAPI, Starlette, Litestar, Django and the like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from obs_dagster.serving.inference_log import InferenceLog
from obs_dagster.serving.request import CANCELLED, CURRENT, FAILED, Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_WANTED = frozenset((b"x-request-id", b"traceparent"))


class ASGIMiddleware:
    """Gives the predictions that a request records its latency, its status and its ids.

    Args:
        app: the application.
        log: the log.
        paths: patterns of paths (`/predict`, `/models/*`) whose requests are predictions even if they fail
            before they record one: those that end with a status of 500 or above are rows without features.
            Left out, only requests that record something are.
    """

    def __init__(self, app: App, log: InferenceLog, paths: Iterable[str] | None = None) -> None:
        self._app, self._log = app, log
        self._paths = tuple(paths or ())

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if scope["type"] == "lifespan":
            # servers that end by a signal leave no time for it later
            self._log.close()

    async def _request(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        log, path = self._log, scope["path"]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED}
        request = Request(headers.get(b"x-request-id"), headers.get(b"traceparent"))
        token = CURRENT.set(request)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _answer(request, message)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                request.answered()

        try:
            with log.span(request, scope["method"], path):
                await self._app(scope, receive, told)
        except BaseException as error:
            request.status = FAILED if isinstance(error, Exception) else CANCELLED
            raise
        finally:
            CURRENT.reset(token)
            log.end(request, path, self._paths)


def _answer(request: Request, message: Message) -> None:
    request.status = str(message["status"])
    headers = list(message.get("headers", ()))
    present = {name.lower() for name, _ in headers}
    headers += [
        (name.encode(), value.encode("latin-1", "replace"))
        for name, value in request.headers
        if name.encode() not in present
    ]
    message["headers"] = headers
