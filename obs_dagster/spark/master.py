"""Whether Spark's master answers: Spark itself tries for minutes, and doesn't say what is wrong."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

from obs_dagster.spark.error import EngineError

#: What a person checks first.
REMEDY = (
    "Check `engine.master` in the monitor, that the master runs, and that this machine reaches it; "
    "or set `engine: duckdb`."
)
#: Seconds that each address has for answering.
_CONNECT_SECONDS = 5.0
_PORTS = {"http": 80, "sc": 15002}


def require_master(master: str) -> None:
    """Make sure that the master of a cluster, or one of several, takes connections.

    A master that is on this machine (`local[…]`), or named elsewhere (`yarn`), is not looked for. What takes
    connections and is no Spark master is given up by Spark after a minute.

    Raises:
        EngineError: none of the addresses answers.
    """
    failures = []
    for host, port in addresses(master):
        try:
            socket.create_connection((host, port), _CONNECT_SECONDS).close()
        except OSError as error:
            failures.append(f"{host}:{port}: {error.strerror or error}")
        else:
            return
    if failures:
        raise EngineError(f"No Spark master answers at {master} ({'; '.join(failures)}).", remedy=REMEDY)


def addresses(master: str) -> Iterator[tuple[str, int]]:
    """Host and port of each address in a master's URL.

    >>> list(addresses("spark://one:7077,two:7078"))
    [('one', 7077), ('two', 7078)]
    >>> list(addresses("k8s://https://api")), list(addresses("yarn")), list(addresses("local[2]"))
    ([('api', 443)], [], [])
    >>> list(addresses("sc://connect")), list(addresses("sc://db.example:443/;use_ssl=true"))
    ([('connect', 15002)], [('db.example', 443)])
    """
    found = re.fullmatch(r"(spark|k8s|sc)://(?:https?://)?([^/]+)(?:/.*)?", master)
    if found is None:
        return
    kind, places = found.groups()
    scheme = "http" if master.startswith("k8s://http://") else kind
    for place in places.split(","):
        host, _, port = place.rpartition(":") if re.search(r":\d+$", place) else (place, "", "")
        yield host.strip("[]"), int(port or _PORTS.get(scheme, 443))
