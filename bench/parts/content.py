"""How soon what goes wrong with texts, embeddings and images is found, and what describing them takes."""

from __future__ import annotations

from typing import Any

from bench.content.worlds import worlds
from bench.measurement import measure
from bench.options import Options
from bench.results import write
from bench.table import table
from bench.workspace import Workspace, say

NAME = "content"
DOCUMENT = "content.md"
"""Whose reader wants to know."""

_QUIET, _ROWS, _IMAGES = 365, 1_000_000, 20_000
_VECTORS, _PICTURES = "vectors", "pictures"
_SOON, _NAMED = 2, 3


def run(options: Options, workspace: Workspace) -> None:
    """Every world, then the speeds."""
    for world in options.worlds or worlds():
        say(f"Nights of the world {world}")
        folder = workspace.folder / NAME / world
        folder.mkdir(parents=True)
        arguments = {"what": "found", "folder": str(folder), "world": world, "quiet": options.days or _QUIET}
        chosen = {"faults": list(options.cases)} if options.cases else {}
        found = measure(NAME, arguments | chosen, limits=options.limits, repeats=1)
        if options.cases:
            say(section({world: found.to_json()}))
        else:
            write(NAME, world, found.to_json())
    if options.worlds or options.cases:
        return
    say("Vectors, described and counted")
    folder = workspace.folder / NAME / _VECTORS
    folder.mkdir(parents=True)
    rows = options.rows[0] if options.rows else _ROWS
    arguments = {"what": "vectors", "folder": str(folder), "rows": rows}
    write(NAME, _VECTORS, measure(NAME, arguments, limits=options.limits, repeats=1).to_json())
    say("Images, described")
    done = measure(
        NAME, {"what": "images", "number": _IMAGES}, limits=options.limits, repeats=options.repeats
    )
    write(NAME, _PICTURES, done.to_json())


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """How many faults are found soon."""
    worlds_seen = {name: each for name in worlds() if (each := _facts(cases, name))}
    nights = [night for each in worlds_seen.values() for night in each["found"].values()]
    if not nights:
        return []
    soon = sum(night is not None and night <= _SOON for night in nights)
    return [
        (
            "faults of texts, embeddings and images that are found within two nights",
            f"{soon} of {len(nights)}",
        )
    ]


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    parts = []
    for name in worlds():
        if each := _facts(cases, name):
            lines = [
                [fault, "not within two" if night is None else str(night), _by(each["by"][fault])]
                for fault, night in each["found"].items()
            ]
            quiet = f"{len(each['alarms'])} alarms on {each['nights']} nights without a fault"
            if each["alarms"]:
                quiet += f" ({', '.join(sorted({alarm for _, alarm in each['alarms']}))})"
            parts.append(f"**{name}**, {each['rows']:,} a day: {each['told']}; {quiet}.")
            parts.append(table(["fault", "found after night", "by"], lines, words=3))
    if _VECTORS in cases:
        took = cases[_VECTORS]["measured"] if "measured" in cases[_VECTORS] else cases[_VECTORS]
        rows = took["facts"]["rows"]
        phases = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in took["phases"].items())
        parts.append(
            f"{rows:,} vectors of {took['facts']['dimension']} numbers: {phases}; "
            f"{took['peak'] / 2**30:.2f} GiB of memory at most."
        )
    if _PICTURES in cases:
        took = cases[_PICTURES]["measured"] if "measured" in cases[_PICTURES] else cases[_PICTURES]
        small, large = (took["facts"][name] / took["phases"][name] for name in ("small", "photos"))
        parts.append(
            f"Images: {small:,.0f} a second of 32 by 32 pixels as PNG, {large:,.0f} of 640 by 427 as JPEG."
        )
    return "\n\n".join(parts)


def _by(names: list[str]) -> str:
    """Alerts, each by its rule and column, the first three."""
    told = [(rule, column) for rule, _, column in (name.partition("|") for name in names[:_NAMED])]
    shown = ", ".join(f"`{rule}` of `{column}`" if column else f"`{rule}`" for rule, column in told)
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown or "nothing"


def _facts(cases: dict[str, dict[str, Any]], case: str) -> dict[str, Any]:
    kept = cases.get(case, {})
    facts: dict[str, Any] = kept.get("measured", kept).get("facts", {})
    return facts
