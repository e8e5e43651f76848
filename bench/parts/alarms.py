"""How often default rules fire without a fault, and how soon with one."""

from __future__ import annotations

from typing import Any

from bench.measurement import measure
from bench.options import Options
from bench.results import write
from bench.table import table
from bench.workspace import Workspace, say

NAME = "alarms"
DOCUMENT = "alerting.md"
"""Whose reader wants to know."""

_QUIET, _FAULTY = "undisturbed", "with faults"
_FIRST, _NIGHTS = "2013-06-10", 56


def run(options: Options, workspace: Workspace) -> None:
    """Eight weeks of the demo, then each fault."""
    cases: dict[str, dict[str, Any]] = {
        _QUIET: {"what": "undisturbed", "first": _FIRST, "nights": options.days or _NIGHTS},
        _FAULTY: {"what": "faulty"},
    }
    for case, arguments in cases.items():
        say(f"Nights of flights, {case}")
        folder = workspace.folder / "alarms" / case.replace(" ", "-") / "home"
        folder.mkdir(parents=True)
        found = measure(NAME, arguments | {"folder": str(folder)}, limits=options.limits, repeats=1)
        write(NAME, case, found.to_json())


def headline(cases: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Both figures."""
    told = []
    if quiet := _facts(cases, _QUIET):
        number = len(quiet["incidents"])
        count = f"{number} incident{'s' * (number != 1)}"
        told.append((f"default rules, {quiet['nights']} nights of real flights without a fault", count))
    if faulty := _facts(cases, _FAULTY):
        nights = [each["night"] for each in faulty["faults"].values()]
        within = sum(night is not None for night in nights)
        told.append(("severe faults that raise an incident within two nights", f"{within} of {len(nights)}"))
    return told


def section(cases: dict[str, dict[str, Any]]) -> str:
    """The kept results as tables in Markdown."""
    parts = []
    if quiet := _facts(cases, _QUIET):
        lines = [
            [
                each["version"],
                f"{each['since']} to {each['until']}",
                ", ".join(each["rules"]),
                _list(each["columns"]),
            ]
            for each in quiet["incidents"]
        ]
        titles = ["version", "nights", "rules", "columns"]
        parts.append(f"{quiet['nights']} nights from {quiet['first']} on, undisturbed:")
        parts.append(table(titles, lines, words=4))
    if faulty := _facts(cases, _FAULTY):
        lines = [[name, _night(each), _rules(each)] for name, each in faulty["faults"].items()]
        parts.append("Faults, each after four weeks without one:")
        parts.append(table(["fault", "told after night", "rules"], lines, words=3))
    return "\n\n".join(parts)


def _facts(cases: dict[str, dict[str, Any]], case: str) -> dict[str, Any]:
    facts: dict[str, Any] = cases.get(case, {}).get("measured", {}).get("facts", {})
    return facts


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _night(found: dict[str, Any]) -> str:
    if found["night"] is None:
        return "not within two"
    awaited = found.get("awaited")
    return f"{found['night']}, after {awaited} for its labels" if awaited else str(found["night"])


def _rules(found: dict[str, Any]) -> str:
    more = f" and {found['more']} more" if found["more"] else ""
    return f"{_list(found['rules'])}{more}"
