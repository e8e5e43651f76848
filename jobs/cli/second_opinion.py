"""What DoWhy says of the same question, in an environment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.causes.answer import Answer
    from obs_dagster.causes.asked import Asked
    from obs_dagster.causes.second_opinion import SecondOpinion


def ask_second(asked: Asked) -> SecondOpinion:
    """DoWhy's chances.

    Raises:
        UsageError: no interpreter with DoWhy is named.
        SecondOpinionError: it did not answer.
    """
    from obs_dagster.causes.second_opinion import second_opinion
    from obs_dagster.settings import Settings

    python = Settings().causes_python
    if not python:
        raise UsageError(
            "No interpreter with DoWhy is named.",
            remedy="Make an environment with `dowhy>=0.14`, and name its python in OBS_CAUSES_PYTHON.",
        )
    return second_opinion(asked, python)


def print_second(answer: Answer, second: SecondOpinion) -> None:
    """Both programs' chances side by side."""
    from obs_dagster.causes.words import chance

    known = {each.component.name: each for each in answer.candidates}
    rows = table("Component", "Chance, here", second.program, "Had it been as usual, here", second.program)
    for name, (off, usual) in second.chances.items():
        each = known.get(name)
        if each is None or each.effect is None:
            continue
        numbers = (each.effect.chance.value, off, each.effect.otherwise.value, usual)
        rows.add_row(cell(each.component.title), *(cell(chance(number)) for number in numbers))
    OUTPUT.print("")
    OUTPUT.print(rows)
    edges = ", ".join(f"{cause} -> {effect}" for cause, effect in second.edges) or "none"
    OUTPUT.print(f"The edges that it was given: {edges}.", markup=False, highlight=False)
