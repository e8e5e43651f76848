"""Lines of the log to Splunk's HTTP Event Collector, in the form that its documentation gives.

https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector: one JSON object
per event, one after the other in a request, with the time in seconds; the token is in the header.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from obs_dagster.secrets import remember
from obs_dagster.telemetry.logs.background import Background
from obs_dagster.telemetry.patience import PATIENCE

URL, TOKEN, TOKEN_FILE = "OBS_SPLUNK_HEC_URL", "OBS_SPLUNK_HEC_TOKEN", "OBS_SPLUNK_HEC_TOKEN_FILE"

_PATH = "/services/collector/event"
_SECONDS = 0.7
_EVERY, _AGAIN = 2.0, 30.0
_BATCH, _WAITING = 200, 10_000


class SplunkHandler(Background):
    """Sends lines in batches; a Splunk that does not take them is tried again after a pause.

    Args:
        url: of the collector; without a path, the documented one.
        token: of the collector.
    """

    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self._url = url.rstrip("/") + ("" if urlsplit(url).path.strip("/") else _PATH)
        self._token = token
        self._waiting: deque[str] = deque(maxlen=_WAITING)
        self._pause_until = 0.0
        self._sending = threading.Lock()
        self._wake = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="splunk").start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a line into the queue; of too many the oldest are dropped."""
        event = self.event(record)
        told = {
            "time": round(record.created, 3),
            "host": socket.gethostname(),
            "source": "obs-dagster",
            "sourcetype": "_json",
            "event": event,
        }
        self._waiting.append(json.dumps(told, default=str))
        if len(self._waiting) >= _BATCH:
            self._wake.set()

    def begin(self) -> None:
        """A night begins: it is tried again."""
        self._pause_until = 0.0

    def deliver(self) -> None:
        """Send what waits, unless Splunk has just not taken anything."""
        if self._waiting and time.monotonic() >= self._pause_until:
            PATIENCE.wait(self._send_all)

    def _run(self) -> None:
        while True:
            self._wake.wait(_EVERY)
            self._wake.clear()
            if time.monotonic() >= self._pause_until:
                self._send_all()

    def _send_all(self) -> None:
        with self._sending:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                if not self._send(batch):
                    self._waiting.extendleft(reversed(batch))
                    self._pause_until = time.monotonic() + _AGAIN
                    return

    def _send(self, batch: list[str]) -> bool:
        request = urllib.request.Request(  # noqa: S310  the scheme is checked where the handler is made
            self._url,
            "\n".join(batch).encode(),
            {"Authorization": f"Splunk {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  as above
                return bool(200 <= answer.status < 300)  # noqa: PLR2004  what HTTP calls a success
        except (OSError, ValueError):
            return False


def splunk_handler(environ: Mapping[str, str]) -> SplunkHandler:
    """The handler that the environment names.

    Raises:
        ValueError: the address is none, or there is no token.
    """
    url = environ[URL].strip()
    token = environ.get(TOKEN, "").strip()
    if not token and (file := environ.get(TOKEN_FILE, "").strip()):
        try:
            token = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"{TOKEN_FILE} cannot be read: {error.strerror}") from None
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{URL} must begin with http:// or https://")
    if not token:
        raise ValueError(f"neither {TOKEN} nor {TOKEN_FILE} has a token")
    remember(token)
    return SplunkHandler(url, token)
