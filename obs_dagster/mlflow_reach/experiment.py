"""The experiment of a model by its id, which MLflow's pages are addressed by; MLflow is not imported."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from obs_dagster.links import Links
from obs_dagster.mlflow_reach.answer import search_experiments
from obs_dagster.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Select


def links_to_traces(settings: Settings) -> Links:
    """The addresses that people are sent to, with those of the traces that MLflow keeps of nights."""
    if "mlflow" not in settings.traces:
        return settings.links
    return replace(settings.links, keeps=lambda name: experiment_id(settings.mlflow_uri, name))


class _Unknown(Exception):  # noqa: N818  it is told to nobody
    """Nobody can tell now; it may be known later."""


def experiment_id(uri: str, name: str) -> str:
    """The id of an experiment; empty if there is none yet, or MLflow does not tell within seconds.

    Args:
        uri: of tracking: a server, or a database.
        name: the experiment's.
    """
    try:
        return _known(uri, name)
    except _Unknown:
        return ""


@cache
def _known(uri: str, name: str) -> str:
    found = _of_server(uri, name) if uri.startswith(("http://", "https://")) else _of_database(uri, name)
    if not found:
        raise _Unknown
    return found


def _of_server(uri: str, name: str) -> str:
    import requests

    quoted = name.replace("'", "''")
    try:
        answer = search_experiments(uri, {"max_results": 1, "filter": f"name = '{quoted}'"})
        found = answer.json().get("experiments", [])
        return str(found[0]["experiment_id"]) if found else ""
    except (requests.RequestException, ValueError, LookupError, AttributeError) as error:
        raise _Unknown from error


def _of_database(uri: str, name: str) -> str:
    from sqlalchemy import column, create_engine, select, table
    from sqlalchemy.exc import SQLAlchemyError

    asked: Select[Any] = (
        select(column("experiment_id")).select_from(table("experiments")).where(column("name") == name)
    )
    try:
        engine = create_engine(uri, connect_args={} if uri.startswith("sqlite") else {"connect_timeout": 3})
        try:
            with engine.connect() as connection:
                found = connection.execute(asked).scalar()
        finally:
            engine.dispose()
    except SQLAlchemyError as error:
        raise _Unknown from error
    return "" if found is None else str(found)
