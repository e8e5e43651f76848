"""Whether what answers at a tracking URI is an MLflow that works; a port that is open says little."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from obs_dagster.mlflow_reach.database import require_whole
from obs_dagster.mlflow_reach.error import MlflowUnavailable
from obs_dagster.mlflow_reach.place import require_answer, without_password
from obs_dagster.secrets import given

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS, _ANSWER_SECONDS = 3.0, 10.0
_ASKED = "/api/2.0/mlflow/experiments/search"
_SHOWN = 120


def require_mlflow(uri: str) -> None:
    """Fails within seconds unless MLflow answers as MLflow does, or its database can be used.

    Raises:
        MlflowUnavailable: nothing answers, or something else does; it says what.
    """
    require_answer(uri)
    if uri.startswith(("http://", "https://")):
        _require_api(uri)
    elif uri.startswith("postgresql"):
        _require_database(uri)
    else:
        require_whole(uri)


def _require_api(uri: str) -> None:
    import requests

    place = without_password(uri)
    try:
        answer = search_experiments(uri, {"max_results": 1})
    except requests.RequestException as error:
        raise _unavailable(f"MLflow at {place} does not answer: {error}.") from error
    if wrong := _wrong(answer):
        raise _unavailable(f"What answers at {place} is no MLflow that works: {wrong}.")


def search_experiments(uri: str, asked: dict[str, Any]) -> requests.Response:
    """What the tracking API of a server answers to a search of experiments, within seconds.

    Raises:
        requests.RequestException: nothing answers.
    """
    import requests

    parts = urlsplit(uri)
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
    return requests.post(
        bare + _ASKED,
        json=asked,
        auth=_login(parts.username, parts.password),
        headers=_bearer(),
        timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
        allow_redirects=False,
        verify=os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() != "true",
    )


def _wrong(answer: requests.Response) -> str:
    """What is wrong with an answer; empty if it is MLflow's."""
    if answer.is_redirect:
        return f"it redirects to {urlsplit(answer.headers.get('Location', '')).netloc or 'another page'}"
    said = " ".join(answer.text.split())[:_SHOWN]
    if not answer.ok:
        return f"it says {answer.status_code} {answer.reason}" + (f" ({said})" if said else "")
    try:
        whole = answer.json()
    except ValueError:
        kind = answer.headers.get("Content-Type", "something").partition(";")[0]
        return f"it answers {kind} where the tracking API answers JSON"
    # an MLflow without experiments leaves the key out
    known = isinstance(whole, dict) and whole.keys() <= {"experiments", "next_page_token"}
    return "" if known else f"its answer is not that of the tracking API ({said})"


def _login(user: str | None, password: str | None) -> tuple[str, str] | None:
    if user is not None:
        return unquote(user), unquote(password or "")
    name = given("MLFLOW_TRACKING_USERNAME", os.environ)
    return None if name is None else (name, given("MLFLOW_TRACKING_PASSWORD", os.environ) or "")


def _bearer() -> dict[str, str]:
    token = given("MLFLOW_TRACKING_TOKEN", os.environ)
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _require_database(uri: str) -> None:
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(uri, connect_args={"connect_timeout": int(_CONNECT_SECONDS)})
        try:
            inspect(engine).get_table_names()
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise _unavailable(f"MLflow's database at {without_password(uri)} cannot be used: {said}.") from error


def _unavailable(message: str) -> MlflowUnavailable:
    return MlflowUnavailable(
        message,
        remedy="Start it or correct MLFLOW_TRACKING_URI; nights that were not published catch up.",
    )
