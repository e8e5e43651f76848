"""A real PostgreSQL as a deployment reaches it: by a host, a port, a user and a password."""

from __future__ import annotations

import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL


@contextmanager
def listening(url: URL, port: int = 0) -> Iterator[int]:
    """A port of loopback that leads to a server which listens on a socket of a folder.

    Args:
        url: of one of the server's databases.
        port: 0 for any.
    """
    address = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(address)
                ends = {server: self.request, self.request: server}
                while True:
                    for ready in select.select(list(ends), [], [])[0]:
                        try:
                            data = ready.recv(65_536)
                        except ConnectionResetError:
                            return
                        if not data:
                            return
                        ends[ready].sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
