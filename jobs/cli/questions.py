"""Questions to whoever sits at the terminal; where nobody does, none are asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from jobs.cli.console import ERRORS, cell

if TYPE_CHECKING:
    from obs_dagster.discovery.asking import Ask, Question


def asker() -> Ask:
    """Asks at a terminal, and nobody elsewhere."""
    from obs_dagster.discovery.asking import nobody

    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else nobody


def _ask(question: Question) -> str | None:
    ERRORS.print(f"\n{question.text}", markup=False, highlight=False)
    for number, (name, why) in enumerate(question.choices, start=1):
        ERRORS.print(f"  {number}  ", cell(name, "bold"), cell(f"  {why}", "dim"), sep="", soft_wrap=True)
    if question.optional:
        ERRORS.print("  0  none of them", highlight=False)
    low = 0 if question.optional else 1
    answer = typer.prompt("Number", default=1, type=int, err=True)
    while not low <= answer <= len(question.choices):
        answer = typer.prompt(
            f"A number from {low} to {len(question.choices)}", default=1, type=int, err=True
        )
    return question.choices[answer - 1][0] if answer else ""
