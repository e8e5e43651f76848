"""`obs metrics serve`: the present values of all models as a page that Prometheus scrapes."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.cli.console import ERRORS


def serve(
    host: Annotated[
        str,
        typer.Option(help="Address to listen on; 0.0.0.0 for all. Whoever reaches it can read all of it."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 for any.")] = 9464,
) -> None:
    """Serve the present values of all models at /metrics, for Prometheus, until Ctrl-C."""
    from obs_dagster.exports.server import listen
    from obs_dagster.settings import Settings

    settings = Settings()
    with listen(settings, host, port) as server:
        ERRORS.print(server.url, markup=False, highlight=False, soft_wrap=True)
        server.serve_forever()
