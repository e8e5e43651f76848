"""An S3 server on loopback, moto's, until its standard input ends.

Moto reads a whole object for whoever asks for a range of it. Here a large one is mapped into memory, so that
a range costs its own bytes, as it does a service.
"""

from __future__ import annotations

import mmap
import sys
import threading
from collections.abc import Iterator
from typing import Any

#: Smaller objects are handed over as moto does.
_MAPPED = 1 << 20
#: Bytes of a large one that are sent at a time.
_PIECE = 1 << 20


class _Mapped(mmap.mmap):
    """A file that is sent in pieces; as its base is, it would be sent byte by byte."""

    def __iter__(self) -> Iterator[bytes]:
        return (self[begin : begin + _PIECE] for begin in range(0, len(self), _PIECE))


def main() -> None:
    """Print the server's address, and serve."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import FakeKey
    from werkzeug.serving import WSGIRequestHandler, make_server

    whole = FakeKey.value

    def content(key: FakeKey) -> bytes | _Mapped:
        if key.size < _MAPPED:
            found: bytes = whole.fget(key)
            return found
        file: Any = key._value_buffer  # noqa: SLF001  moto has no other way to a part of an object
        file.rollover()
        file.flush()
        return _Mapped(file.fileno(), 0, access=mmap.ACCESS_READ)

    FakeKey.value = property(content, whole.fset)
    handler = type(
        "Handler", (WSGIRequestHandler,), {"protocol_version": "HTTP/1.1", "log": lambda *_, **__: None}
    )
    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
