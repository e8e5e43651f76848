"""Groups of commands of which the first may be left out: `obs metrics MODEL` is `obs metrics show MODEL`."""

from __future__ import annotations

from typing import Any

import typer.core

FIRST = "show"
"""The command that is meant where none is named."""


class OrModel(typer.core.TyperGroup):
    """Commands of which the first may be left out: what is none of their names is a model."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named; else the first one, with everything as its arguments."""
        named = args and args[0] in self.commands
        return super().resolve_command(ctx, args if named else [FIRST, *args])

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Both ways of calling it."""
        formatter.write_usage(ctx.command_path, "MODEL [OPTIONS] | COMMAND [ARGS]…")

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Models beside the commands."""
        models = self.commands[FIRST].params[0].shell_complete(ctx, incomplete)
        return [*models, *super().shell_complete(ctx, incomplete)]
