"""An Iceberg REST catalog on loopback, in front of an SQL catalog: what readers ask of one.

Source: https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

_TABLE = re.compile(r"/v1/namespaces/([^/]+)/tables/([^/?]+)")
_TOKEN = "token-of-the-night"


class IcebergRest:
    """The server: it gives a token for a credential, its configuration, and tables with their metadata.

    Attributes:
        url: where it is.
        requests: method and path of each request.
        credential: who may read.
    """

    def __init__(self, database: str, credential: str = "night:secret") -> None:
        self.database, self.credential = database, credential
        self.requests: list[tuple[str, str]] = []
        self.url = ""

    @contextmanager
    def running(self) -> Iterator["IcebergRest"]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(*served._get(self.path, self.headers.get("Authorization", "")))

            def do_HEAD(self) -> None:
                self._answer(*served._get(self.path, self.headers.get("Authorization", "")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(*served._post(self.path, body))

            def _answer(self, status: int, document: Any) -> None:
                served.requests.append((self.command, self.path))
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _post(self, path: str, body: bytes) -> tuple[int, Any]:
        asked = parse_qs(body.decode())
        given = ":".join(asked.get(name, [""])[0] for name in ("client_id", "client_secret"))
        if not path.startswith("/v1/oauth/tokens"):
            return _error(404, "NoSuchEndpointException", path)
        if given != self.credential:
            # as OAuth has it
            return 401, {"error": "invalid_client", "error_description": "Credentials given were not valid"}
        return 200, {"access_token": _TOKEN, "token_type": "bearer", "expires_in": 3600}

    def _get(self, path: str, authorization: str) -> tuple[int, Any]:
        if authorization != f"Bearer {_TOKEN}":
            return _error(401, "NotAuthorizedException", "Not authorized")
        if path.startswith("/v1/config"):
            return 200, {"defaults": {}, "overrides": {}}
        if (found := _TABLE.match(path)) is None:
            return _error(404, "NoSuchEndpointException", path)
        namespace, table = (unquote(each) for each in found.groups())
        return self._table(namespace.replace("\x1f", "."), table)

    def _table(self, namespace: str, table: str) -> tuple[int, Any]:
        from pyiceberg.catalog.sql import SqlCatalog
        from pyiceberg.exceptions import NoSuchTableError

        from obs_dagster.sources.tables.iceberg_catalog import _of_stores

        catalog = SqlCatalog("tests", uri=self.database, init_catalog_tables="false", **_of_stores())
        try:
            loaded = catalog.load_table((namespace, table))
        except NoSuchTableError:
            return _error(404, "NoSuchTableException", f"Table does not exist: {namespace}.{table}")
        finally:
            catalog.close()
        return 200, {
            "metadata-location": loaded.metadata_location,
            "metadata": json.loads(loaded.metadata.model_dump_json()),
            "config": {},
        }


def _error(status: int, kind: str, message: str) -> tuple[int, Any]:
    return status, {"error": {"message": message, "type": kind, "code": status}}
