"""What to do about files that are not there."""

from __future__ import annotations

from pathlib import Path


def next_step(pattern: str) -> str:
    """How the files that a glob stands for come about."""
    from obs_dagster.settings import Settings

    if Path(pattern).is_relative_to(Settings().root / "demo"):
        return "`obs demo` writes them"
    return "check the path in the monitor if there should be some"
