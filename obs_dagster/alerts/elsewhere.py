"""What people have silenced in Alertmanager, of the models whose routes lead there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from obs_dagster.alerts.channels.alertmanager import Alertmanager
from obs_dagster.alerts.channels.alertmanager_silences import Silenced, silenced
from obs_dagster.errors import ObsError
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.routing import every_route


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was read back.

    Attributes:
        silenced: per thread of messages (an incident's id) the silence there that ends last.
        problems: why nothing is known of some place, without secrets.
    """

    silenced: Mapping[str, Silenced] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def told(self, incidents: Collection[str]) -> dict[str, str]:
        """By the id of an incident, how it is silenced there, in words."""
        return {id_: str(self.silenced[id_]) for id_ in incidents if id_ in self.silenced}

    def counted(self) -> dict[str, str]:
        """By model, how many of its incidents are silenced there, in words."""
        count = Counter(each.model for each in self.silenced.values())
        return {
            model: f"{number} incident{'s' * (number != 1)} silenced in Alertmanager"
            for model, number in count.items()
        }


def silenced_elsewhere(monitors: Iterable[Monitor], environ: Mapping[str, str]) -> Elsewhere:
    """Ask each Alertmanager that routes of some monitors name; nothing where none is.

    It takes no longer than delivery would, and what it cannot read is a problem that is told, never an error.

    Args:
        monitors: the monitors.
        environ: the secrets of routes.
    """
    places = {
        route.url: route
        for monitor in monitors
        for _, route in every_route(monitor.routes)
        if route.url.partition("://")[0].lower() in Alertmanager.form.schemes
    }
    found: dict[str, Silenced] = {}
    problems = []
    for route in places.values():
        try:
            every = silenced(route.resolve(environ))
        except ObsError as error:
            problems.append(f"What {route.label} silences is not known: {error}")
            continue
        for each in every:
            if each.thread not in found or found[each.thread].until < each.until:
                found[each.thread] = each
    return Elsewhere(found, tuple(problems))
