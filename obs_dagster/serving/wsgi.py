"""Middleware for WSGI: Flask, Django, Bottle and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import Token
from functools import partial
from typing import Any

from obs_dagster.serving.inference_log import InferenceLog
from obs_dagster.serving.request import CURRENT, FAILED, Request

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]


class WSGIMiddleware:
    """Gives the predictions that a request records its latency, its status and its ids.

    Args:
        app: the application (`app.wsgi_app` of Flask).
        log: the log.
        paths: see `ASGIMiddleware`.
    """

    def __init__(self, app: App, log: InferenceLog, paths: Iterable[str] | None = None) -> None:
        self._app, self._log = app, log
        self._paths = tuple(paths or ())

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer a request."""
        log, path = self._log, environ.get("PATH_INFO", "")
        request = Request(environ.get("HTTP_X_REQUEST_ID"), environ.get("HTTP_TRACEPARENT"))

        def started(status: str, given: list[tuple[str, str]], *error: Any) -> Any:
            request.status = status[:3]
            present = {name.lower() for name, _ in given}
            told = [(name, value) for name, value in request.headers if name not in present]
            return start_response(status, [*given, *told], *error)

        span = log.span(request, environ.get("REQUEST_METHOD", ""), path)
        ended = partial(log.end, request, path, self._paths)
        answer = _Answer(request, ended, CURRENT.set(request), span)
        try:
            span.__enter__()
            answer.body = self._app(environ, started)
        except BaseException as error:
            answer.failed(error)
            raise
        answer.leave()
        return answer


class _Answer:
    """The body of an answer; the request ends with it."""

    def __init__(
        self, request: Request, ended: Callable[[], None], token: Token[Request | None], span: Any
    ) -> None:
        self._request, self._ended, self._token, self._span = request, ended, token, span
        self.body: Iterable[bytes] = ()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self.body
        except Exception:
            self._request.status = FAILED
            raise

    def close(self) -> None:
        """The server has sent it all, or the client has gone."""
        try:
            if close := getattr(self.body, "close", None):
                close()
        finally:
            self._ended()

    def leave(self) -> None:
        """The application has returned; the rest is the server's to ask for."""
        CURRENT.reset(self._token)
        self._span.__exit__(None, None, None)

    def failed(self, error: BaseException) -> None:
        """The application has raised."""
        CURRENT.reset(self._token)
        self._request.status = FAILED
        self._span.__exit__(type(error), error, error.__traceback__)
        self._ended()
