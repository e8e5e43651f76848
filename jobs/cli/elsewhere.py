"""What people have silenced in Alertmanager, of the models whose routes lead there."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.cli.console import ERRORS, OUTPUT, cell

if TYPE_CHECKING:
    from obs_dagster.alerts.channels.alertmanager_silences import Silenced


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was read back.

    Attributes:
        silenced: per thread of messages (an incident's id) the silence there that ends last.
        problems: why nothing is known of some place, without secrets.
    """

    silenced: dict[str, Silenced]
    problems: list[str]

    def tell_problems(self) -> None:
        """Say of which places nothing is known, on standard error."""
        for problem in self.problems:
            ERRORS.print(cell(problem, "yellow"))


def tell_elsewhere(incidents: Collection[str], models: Collection[str]) -> None:
    """Say which incidents of some models are silenced in Alertmanager."""
    if not models:
        return
    found = silenced_elsewhere(models)
    for thread in sorted(found.silenced.keys() & set(incidents)):
        OUTPUT.print()
        OUTPUT.print(cell(f"incident {thread}  {told(found.silenced[thread])}", "cyan"))
    found.tell_problems()


def told(silenced: Silenced) -> str:
    """A silence of Alertmanager in words."""
    why = f" ({silenced.comment})" if silenced.comment else ""
    return f"silenced in Alertmanager until {silenced.until:%Y-%m-%d %H:%M} UTC by {silenced.author}{why}"


def silenced_elsewhere(models: Collection[str] | None = None) -> Elsewhere:
    """Ask each Alertmanager that routes of some models name, of all if left out; nothing where none is."""
    from jobs.cli.choice import readable_monitors
    from obs_dagster.alerts.channels.alertmanager import Alertmanager
    from obs_dagster.alerts.channels.alertmanager_silences import silenced
    from obs_dagster.errors import ObsError
    from obs_dagster.monitor.routing import every_route

    places = {
        route.url: route
        for monitor in readable_monitors(models).monitors.values()
        for _, route in every_route(monitor.routes)
        if route.url.partition("://")[0].lower() in Alertmanager.form.schemes
    }
    found: dict[str, Silenced] = {}
    problems = []
    for route in places.values():
        try:
            every = silenced(route.resolve(os.environ))
        except ObsError as error:
            problems.append(f"What {route.label} silences is not known: {error}")
            continue
        for each in every:
            if each.thread not in found or found[each.thread].until < each.until:
                found[each.thread] = each
    return Elsewhere(found, problems)
