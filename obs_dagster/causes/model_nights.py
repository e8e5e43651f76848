"""The nights of one model, to be asked what began what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from obs_dagster.alerts.incidents.across import Across
from obs_dagster.alerts.incidents.incident import Incident
from obs_dagster.causes.answer import Answer
from obs_dagster.causes.asked import Asked, Question
from obs_dagster.causes.question import about_incident, about_night
from obs_dagster.causes.states import Nights, nights_of, signals_of
from obs_dagster.causes.telemetry import read_telemetry
from obs_dagster.causes.words import in_a_line
from obs_dagster.history import nights as stored
from obs_dagster.monitor.model import Monitor
from obs_dagster.telemetry.event import Event

T = TypeVar("T")

_FAILED = Event(
    "obs_dagster.causes",
    "causes could not be asked for",
    "warning",
    "A notification, or a page, says nothing of where it began; everything else is there.",
    {"model": "the model", "about": "the incident, or the day", "error": "why"},
)


@dataclass(frozen=True)
class ModelNights:
    """The nights of a model up to one of them, as they are known now.

    Attributes:
        monitor: the monitor.
        nights: its components, night by night.
    """

    monitor: Monitor
    nights: Nights

    @classmethod
    def read(cls, connection: Connection, monitor: Monitor, last: dt.date | None = None) -> ModelNights:
        """The nights that the store has.

        Args:
            connection: to the store.
            monitor: the monitor.
            last: the last of them; left out: the latest there is.
        """
        until = last or stored.latest(connection, monitor.model) or monitor.start
        return cls(monitor, nights_of(read_telemetry(connection, monitor, signals_of(monitor), until)))

    def on(self, day: dt.date, of: str | None = None) -> Answer:
        """What began it that a component was off on a day; left out, the last one that was off."""
        return self.answer(about_night(self.nights, day, of))

    def behind(self, incident: Incident) -> Answer:
        """What began an incident."""
        return self.answer(about_incident(self.nights, incident))

    def answer(self, question: Question) -> Answer:
        """The answer to a question."""
        asked = self.asked(question)
        if asked is None:
            return Answer(self.monitor.model, question.first, question.last, None)
        return asked.answer()

    def asked(self, question: Question) -> Asked | None:
        """A question with what the nights say of it; None if nothing was off."""
        if question.of is None:
            return None
        known = self.monitor.causes
        return Asked(self.monitor.model, self.nights, question, known.declared, known.never)


def across(monitors: Iterable[Monitor]) -> Across:
    """What is told of incidents of some models, beside the suspects of the data.

    A model's nights are read once, when its first incident is asked about. An answer that fails keeps nobody
    from being told the rest.
    """
    known = {each.model: each for each in monitors}
    read: dict[str, ModelNights] = {}

    def tell(connection: Connection, incident: Incident) -> str:
        model = incident.model
        if model not in known:
            return ""

        def line() -> str:
            if model not in read:
                read[model] = ModelNights.read(connection, known[model])
            return in_a_line(read[model].behind(incident))

        return unless_it_fails(line, model, incident.id) or ""

    return tell


def unless_it_fails(asked: Callable[[], T], model: str, about: str) -> T | None:
    """An answer; None, which is logged, if it could not be made: what else is told is worth more.

    Args:
        asked: gives the answer.
        model: the model.
        about: the incident or the day that is asked about.

    Raises:
        SQLAlchemyError: the store cannot be used.
    """
    try:
        return asked()
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is
        _FAILED(model=model, about=about, error=f"{type(error).__name__}: {error}")
        return None
