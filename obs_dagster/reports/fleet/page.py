"""Puts the page of all models together: one row each, the gravest first."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from markupsafe import Markup

from obs_dagster.fleet import GRAVEST_FIRST, ModelStanding, VersionStanding
from obs_dagster.links import Links
from obs_dagster.reports.fleet.spark import HEIGHT, WIDTH, Spark, spark
from obs_dagster.reports.templates import environment
from obs_dagster.verdict.wording import day_month, night_count

_LONGEST = 180
"""Characters of a verdict that are shown; all of it is on the health page."""

STALE_HOURS = 26
"""A page that is older says so: a night has passed without it."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as it is shown.

    Attributes:
        badge: how its status is marked; never as sound where it is not that of the night that was due.
        told: the status in words.
        since: since when it has had this status.
    """

    version: str
    badge: str
    told: str
    since: str
    sentence: str
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model as it is shown; `places` are the names and addresses of pages about it."""

    standing: ModelStanding
    badge: str
    page: str
    note: str
    night: str
    versions: Sequence[VersionRow]
    places: Sequence[tuple[str, str]]
    silenced: str


def render_fleet(
    fleet: Sequence[ModelStanding],
    *,
    now: dt.datetime,
    links: Links,
    page: Callable[[ModelStanding], str],
    silenced: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The page as one HTML document that loads nothing.

    A script of its own filters it by owner and state. Without scripts the page has all rows.

    Args:
        fleet: the models, in order.
        now: the present, with its time zone.
        links: where Dagster and MLflow are.
        page: the address of a model's health page, as seen from this one; empty if there is none.
        silenced: by model, what of it is silenced in Alertmanager, in words.
    """
    templates = environment(__name__)
    script = files(__name__.rpartition(".")[0]).joinpath("templates", "filter.js").read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    counted = Counter(each.state for each in fleet)
    return templates.get_template("fleet.html.j2").render(
        rows=[_row(each, links, page(each), silenced.get(each.model, "")) for each in fleet],
        states=[(state, _badge(state), counted[state]) for state in GRAVEST_FIRST if counted[state]],
        owners=sorted({each.owner for each in fleet if each.owner}),
        unowned=sum(not each.owner for each in fleet),
        firing=sum(each.alerts.firing for each in fleet),
        now=now,
        script=Markup(script),  # noqa: S704 - a file of ours
        stale_hours=STALE_HOURS,
        digest=digest,
        width=WIDTH,
        height=HEIGHT,
    )


def _row(standing: ModelStanding, links: Links, page: str, silenced: str) -> ModelRow:
    night = standing.night
    places = {
        "health page": page,
        "Dagster": links.stage(standing.model, "alerts", night.day if night else None),
        "MLflow": links.experiment_of(standing.model),
    }
    finished = f", run {night.finished_at:%-d %b %H:%M} UTC" if night else ""
    return ModelRow(
        standing,
        _badge(standing.state),
        page,
        textwrap.shorten(standing.note, _LONGEST, placeholder=" …"),
        f"{night.day}{finished}" if night else "no night has run",
        [_version(each, current=standing.current) for each in standing.versions],
        [(name, url) for name, url in places.items() if url],
        silenced,
    )


def _version(standing: VersionStanding, *, current: bool) -> VersionRow:
    nights = (standing.day - standing.since).days + 1
    return VersionRow(
        standing.version,
        _badge(standing.status) if current else "unknown",
        standing.status if current else f"was {standing.status}",
        f"since {day_month(standing.since)} {standing.since.year}, {night_count(nights)}",
        textwrap.shorten(standing.sentence, _LONGEST, placeholder=" …"),
        None if standing.trend is None else spark(standing.trend),
    )


def _badge(state: str) -> str:
    """How a state is marked; what has no mark of its own is as grave, or as little known, as another."""
    return {"not evaluated": "failing", "misconfigured": "overdue"}.get(state, state)
