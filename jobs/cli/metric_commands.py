"""`obs metrics`: of a model, without a word between; and what makes them be seen elsewhere."""

from __future__ import annotations

import typer

from jobs.cli import metric_sending, metric_server, metrics
from jobs.cli.or_model import FIRST, OrModel

app = typer.Typer(
    cls=OrModel,
    help="Print metrics of a model, each with its interval and the rows behind it: `obs metrics MODEL` is "
    "short for `obs metrics show MODEL`. Or give the present ones to other systems.",
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
app.command(FIRST)(metrics.metrics)
app.command()(metric_server.serve)
app.command()(metric_sending.send)
