"""How long MLflow is waited for, and whether anything answers where it should be."""

from __future__ import annotations

import os
import socket
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from obs_dagster.secrets import given

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306}
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
_LIMITS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    _TIMEOUT: "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
"""Set where the environment does not: by default MLflow waits minutes for a server that is gone."""


_SECRETS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")


def limit_waiting() -> None:
    """Have MLflow's library give up a silent server sooner than by itself; to be called before it is used.

    It also gets the secrets that files hold (`MLFLOW_TRACKING_PASSWORD_FILE`).
    """
    for name, value in _LIMITS.items():
        os.environ.setdefault(name, value)
    for name in _SECRETS:
        # the library reads them from its environment alone
        if name not in os.environ and (secret := given(name, os.environ)):
            os.environ[name] = secret


def no_connection(uri: str) -> str:
    """Why nothing listens at a tracking URI, within seconds; empty if something does, or it is a file."""
    try:
        parts = urlsplit(uri)
        port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    except ValueError as error:
        return f"its URI is malformed ({error})"
    if parts.hostname is None or port is None or _by_proxy(parts):
        return ""
    try:
        socket.create_connection((parts.hostname, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        return str(error)
    return ""


def no_answer(uri: str) -> str:
    """Why nothing answers at a tracking URI, within seconds; empty if something does, or it is a file.

    A server must not only take a connection but say something: one that hangs takes them too. What it says
    does not matter here.
    """
    if reason := no_connection(uri):
        return reason
    parts = urlsplit(uri)
    return _silent(parts) if parts.scheme in ("http", "https") else ""


def _by_proxy(parts: SplitResult) -> bool:
    return (
        parts.scheme in ("http", "https")
        and parts.scheme in getproxies()
        and not proxy_bypass(parts.hostname or "")
    )


def _silent(parts: SplitResult) -> str:
    import requests
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import SSLError, Timeout

    seconds = float(os.environ.get(_TIMEOUT, _ANSWER_SECONDS))
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    try:
        requests.get(
            f"{plain.geturl().rstrip('/')}/health",
            timeout=(_CONNECT_SECONDS, seconds),
            allow_redirects=False,
            stream=True,
        ).close()
    except Timeout:
        return f"it says nothing within {seconds:g} seconds"
    except SSLError:
        # something is there; MLflow's own settings say which certificates are good
        return ""
    except NoConnection:
        return "it ends connections without an answer"
    return ""
