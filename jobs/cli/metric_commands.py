"""`obs metrics`: of a model, without a word between; and what makes them be seen elsewhere."""

from __future__ import annotations

from typing import Any

import typer
import typer.core

from jobs.cli import metric_sending, metric_server, metrics

_FIRST = "show"


class OrModel(typer.core.TyperGroup):
    """Commands of which the first may be left out: what is none of their names is a model."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named; else the first one, with everything as its arguments."""
        named = args and args[0] in self.commands
        return super().resolve_command(ctx, args if named else [_FIRST, *args])

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Both ways of calling it."""
        formatter.write_usage(ctx.command_path, "MODEL [OPTIONS] | COMMAND [ARGS]…")

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Models beside the commands."""
        models = self.commands[_FIRST].params[0].shell_complete(ctx, incomplete)
        return [*models, *super().shell_complete(ctx, incomplete)]


app = typer.Typer(
    cls=OrModel,
    help="Print metrics of a model, each with its interval and the rows behind it: `obs metrics MODEL` is "
    "short for `obs metrics show MODEL`. Or give the present ones to other systems.",
    no_args_is_help=True,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
app.command(_FIRST)(metrics.metrics)
app.command()(metric_server.serve)
app.command()(metric_sending.send)
