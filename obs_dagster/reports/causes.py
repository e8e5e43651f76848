"""What began it that a component of a night is off, as a table below its sentences."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.causes.answer import Answer, Candidate, Probability
from obs_dagster.causes.component import Component
from obs_dagster.causes.model_nights import ModelNights, unless_it_fails
from obs_dagster.causes.words import between, chance, in_a_line, told_of
from obs_dagster.history import History
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import UNKNOWN


class Began:
    """Where it began, day by day; the nights of the model are read once.

    Args:
        monitor: the monitor.
        history: the store.
    """

    def __init__(self, monitor: Monitor, history: History) -> None:
        self._monitor, self._history = monitor, history

    @cached_property
    def _nights(self) -> ModelNights:
        with self._history.reading() as connection:
            return ModelNights.read(connection, self._monitor)

    def of(self, _: Connection, incident: Incident) -> str:
        """Where an incident began, in a line; empty if that is not known."""
        asked = unless_it_fails(lambda: self._nights.behind(incident), self._monitor.model, incident.id)
        return "" if asked is None else in_a_line(asked)

    def on(self, day: dt.date) -> Answer | None:
        """Where it began that a component was off on a day; None where none was."""
        answer = unless_it_fails(lambda: self._nights.on(day), self._monitor.model, str(day))
        return None if answer is None or answer.of is None else answer


def causes_section(answer: Answer) -> Listing:
    """The components that may have begun it, the likeliest first."""
    title = "Causes across components" if answer.of is None else _title(answer, answer.of)
    headings, rows = _HEADINGS, [_row(each) for each in answer.candidates]
    if answer.alone is None:
        # columns without a number say nothing
        headings, rows = headings[:1] + headings[-2:], [each[:1] + each[-2:] for each in rows]
    else:
        # where nothing else is off, that is known too
        rows.append(("nothing that is known", _probability(answer.alone), *(UNKNOWN,) * 4, ""))
    return Listing(
        title=title,
        headings=headings,
        rows=rows,
        numeric=frozenset(),
        note=" ".join(told_of(answer)),
        empty="Nothing that comes before it was off.",
    )


_HEADINGS: tuple[str, ...] = (
    "Component",
    "It began there",
    "Chance of it",
    "Had it been as usual",
    "All the same",
    "Together before",
    "What was seen",
)


def _title(answer: Answer, of: Component) -> str:
    """What the table is about; that nothing is known of it stands first where that is so."""
    return f"Not known what began it: {of.title}" if answer.reason else f"What began it: {of.title}"


def _row(each: Candidate) -> tuple[str, ...]:
    effect = each.effect
    numbers = (
        (UNKNOWN,) * 3
        if effect is None
        else (chance(effect.chance.value), chance(effect.otherwise.value), chance(effect.all_the_same.value))
    )
    return (
        each.component.title,
        UNKNOWN if each.began is None else _probability(each.began),
        *numbers,
        _together(each),
        "; ".join(each.told) if each.off else "not known",
    )


def _together(each: Candidate) -> str:
    """How often both were off, of the nights on which the cause was."""
    nights = f"night{'s' * (each.off_nights != 1)}"
    return f"{each.together} of {each.off_nights} {nights}" if each.off_nights else "never off before"


def _probability(given: Probability) -> str:
    return f"{chance(given.value)} ({between(given)})"
