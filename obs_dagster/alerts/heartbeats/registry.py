"""Finds the heartbeat of a URL by its scheme."""

from __future__ import annotations

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.registry import scheme_of
from obs_dagster.alerts.heartbeats.night import Night
from obs_dagster.alerts.heartbeats.protocol import Heartbeat
from obs_dagster.kinds import Kinds, Place

HEARTBEATS: Kinds[Heartbeat] = Kinds(
    "heartbeat", "obs_dagster.heartbeats", [Place("obs_dagster.alerts.heartbeats", "HEARTBEAT")]
)


def problem_of(url: str) -> str:
    """Why a URL is no heartbeat; empty if it is one."""
    found = _heartbeat_of(url)
    known = sorted({scheme for each in HEARTBEATS.all().values() for scheme in each.schemes()})
    return found.problem(url) if found else f"Its scheme is none of {', '.join(known)}."


def tell(url: str, night: Night) -> None:
    """Tell of a night.

    Raises:
        ChannelError: there is no heartbeat of the URL, or its service was not told.
    """
    wrong = problem_of(url)
    found = _heartbeat_of(url)
    if wrong or found is None:
        raise ChannelError(f"The heartbeat cannot be used. {wrong}")
    found.tell(url, night)


def _heartbeat_of(url: str) -> Heartbeat | None:
    scheme = scheme_of(url)
    found = reversed(list(HEARTBEATS.all().values()))
    return next((each for each in found if scheme in each.schemes()), None)
