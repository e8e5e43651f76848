"""An S3 server on loopback that can be made to fail in the ways in which such services do."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: What a service says that wants to be asked less.
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class _Silent:
    """A handler of requests that writes no log."""

    def log(self, *args: Any, **kwargs: Any) -> None:
        pass


@dataclass
class ObjectServer:
    """The server, which is moto's, and what goes wrong in it.

    Attributes:
        failing: is given each request's number, method and path; whether it is refused with status 503.
        losing: likewise; whether what was done is answered with an error all the same.
        hidden: keys that lists do not show yet.
        requests: method and path of each.
        signers: by bucket, the keys that requests were signed with.
    """

    failing: Callable[[int, str, str], bool] = lambda *_: False
    losing: Callable[[int, str, str], bool] = lambda *_: False
    hidden: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    signers: dict[str, set[str]] = field(default_factory=dict)
    url: str = ""
    _lock: Any = field(default_factory=threading.Lock)

    @contextmanager
    def running(self) -> Iterator["ObjectServer"]:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server

        moto = DomainDispatcherApplication(create_backend_app)
        handler = type("Handler", (_Silent, WSGIRequestHandler), {"protocol_version": "HTTP/1.1"})

        def app(environ: Any, start: Any) -> Any:
            return self._answer(moto, environ, start)

        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer(self, moto: Any, environ: Any, start: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._lock:
            number = len(self.requests)
            self.requests.append((method, path))
            signed = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
            self.signers.setdefault(path.split("/")[1], set()).add(signed.partition("/")[0])
        if self.failing(number, method, path):
            start(
                "503 Slow Down",
                [("Content-Type", "application/xml"), ("Content-Length", str(len(_SLOW_DOWN)))],
            )
            # a body that nobody reads would be taken for the next request
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return [_SLOW_DOWN]
        if self.losing(number, method, path):
            b"".join(moto(environ, lambda *_: None))
            start("500 Lost", [("Content-Length", "0")])
            return [b""]
        if method == "GET" and self.hidden and "list-type" in environ.get("QUERY_STRING", ""):
            return self._without_hidden(moto, environ, start)
        return moto(environ, start)

    def _without_hidden(self, moto: Any, environ: Any, start: Any) -> Any:
        import re

        told: list[Any] = []
        text = b"".join(moto(environ, lambda *args: told.extend(args))).decode()
        for key in self.hidden:
            text = re.sub(
                rf"<Contents>\s*<Key>{re.escape(key)}</Key>.*?</Contents>", "", text, flags=re.DOTALL
            )
        body = text.encode()
        headers = [each for each in told[1] if each[0].lower() != "content-length"]
        start(told[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def reset(self) -> None:
        """Let everything work."""
        self.failing = self.losing = lambda *_: False
        self.hidden.clear()
        self.requests.clear()
        self.signers.clear()

    def bucket(self) -> str:
        """The address of a new bucket."""
        import httpx

        name = f"b-{uuid.uuid4().hex}"
        httpx.put(f"{self.url}/{name}", content=b"").raise_for_status()
        return f"s3://{name}"
