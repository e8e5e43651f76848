"""The commands of `obs`, put together; each imports what is heavy only when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.core

from jobs.cli import (
    alerts,
    backup,
    causes,
    check,
    compare,
    components,
    contract,
    convert,
    demo,
    dev,
    doctor,
    effect,
    explain_plan,
    fairness,
    forget,
    incidents,
    init,
    metric_commands,
    nights,
    profile,
    purge,
    quarantine,
    report,
    run,
    schema,
    status,
    thresholds,
    why,
)
from jobs.cli import (
    explain as explain_one,
)
from jobs.cli.completion import VARIABLE
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.failure import FAILED, explain, explain_unforeseen
from jobs.cli.interrupted import tell_interrupted
from obs_dagster import __version__
from obs_dagster.errors import ObsError
from obs_dagster.permissions import keep_private
from obs_dagster.process import own_process
from obs_dagster.telemetry.logs import configure, quiet_terminal, quieten


class Commands(typer.core.TyperGroup):
    """The commands; of Ctrl-C, and of a reader who has had enough, Typer would make a failure."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was chosen; ends the process after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # whoever read has had enough; without this, Python complains while it closes standard output
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except KeyboardInterrupt as error:
            sys.exit(tell_interrupted(error))


app = typer.Typer(
    name="obs",
    cls=Commands,
    help="Observability for models in production. Settings come from the environment (OBS_*).",
    epilog="Exit codes: 0 all is well; 1 something is firing or failed; 2 the command or a monitor is wrong; "
    "130 somebody pressed Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        OUTPUT.print(f"obs-dagster {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Observability for models in production. Settings come from the environment (OBS_*)."""


app.command()(demo.demo)
app.command()(init.init)
app.command()(check.check)
app.command()(run.run)
app.command()(run.backfill)
app.command()(nights.nights)
app.command()(status.status)
app.add_typer(metric_commands.app, name="metrics")
app.command()(thresholds.thresholds)
app.command()(why.why)
app.command()(causes.causes)
app.command()(components.components)
app.command()(compare.compare)
app.command()(effect.effect)
app.command()(fairness.fairness)
app.command()(explain_one.explain)
app.command()(explain_plan.explain_plan)
app.add_typer(alerts.app, name="alerts")
app.add_typer(incidents.app, name="incidents")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(contract.app, name="contract")
app.add_typer(profile.app, name="profile")
app.command()(convert.convert)
app.command()(report.report)
app.command()(purge.purge)
app.command()(forget.forget)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(dev.dev)
app.command()(doctor.doctor)
app.command()(schema.schema)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; ends the process with its exit code.

    Args:
        argv: the arguments after the program's name; left out: the process's, which is the program's own.
    """
    if argv is not None:
        _run(argv)
        return
    ending = own_process()
    ending.code = FAILED
    try:
        _run(None)
        ending.code = 0
    except SystemExit as ended:
        ending.code = _exit_code(ended)
        raise


def _keep_private() -> None:
    from obs_dagster.settings import Settings

    settings = Settings()
    if changed := keep_private(settings):
        told = ", ".join(str(each) for each in changed)
        ERRORS.print(
            f"Other users could read {told}; that is private now. OBS_UMASK=027 keeps it open to the group.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _exit_code(ended: SystemExit) -> int:
    if isinstance(ended.code, int):
        return ended.code
    # Python prints anything else, and fails
    return 0 if ended.code is None else 1


def _uncolour_help() -> None:
    """Typer draws help and what is wrong with a command by itself."""
    if os.environ.get("NO_COLOR"):
        from typer import rich_utils

        rich_utils.COLOR_SYSTEM = None


def _run(argv: Sequence[str] | None) -> None:
    quieten()
    _uncolour_help()
    quiet_terminal()
    configure()
    try:
        if VARIABLE not in os.environ:
            _keep_private()
        app(args=None if argv is None else list(argv), prog_name="obs")
    except KeyboardInterrupt as error:
        sys.exit(tell_interrupted(error))
    except ObsError as error:
        sys.exit(explain(error))
    except Exception as error:  # noqa: BLE001  nothing reaches a person as a bare traceback
        sys.exit(explain_unforeseen(error))
