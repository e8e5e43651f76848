"""Lines to a host over TCP."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from obs_dagster.exports.way import SECONDS, ExportError


def send_lines(host: str, port: int, lines: Iterable[str]) -> None:
    """Send lines to a host that answers nothing, each with its end.

    Raises:
        ExportError: it cannot be reached, or took too long.
    """
    content = "".join(f"{line}\n" for line in lines).encode()
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as connection:
            connection.sendall(content)
            # what it has not read when both ends close would be lost
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
    except TimeoutError as error:
        raise ExportError(f"The host did not take the lines within {SECONDS:g} s.") from error
    except OSError as error:
        raise ExportError(f"The host cannot be reached: {error.strerror or error}.") from error
