"""`obs quarantine`: what broke the contract, and what becomes of it."""

from __future__ import annotations

import typer

from jobs.cli import quarantine_acts, quarantine_list, quarantine_rows
from jobs.cli.or_model import FIRST, OrModel

app = typer.Typer(
    cls=OrModel,
    help="Rows that broke the contract: `obs quarantine MODEL` prints those of a day and is short for "
    "`obs quarantine show MODEL`; `list` counts them by rule; `release` has them evaluated nonetheless.",
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
app.command(FIRST)(quarantine_rows.quarantine)
app.command("list")(quarantine_list.list_quarantined)
app.command()(quarantine_list.files)
app.command()(quarantine_acts.release)
app.command()(quarantine_list.releases)
app.command()(quarantine_acts.withdraw)
app.command()(quarantine_acts.purge)
