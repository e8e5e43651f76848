"""The page of all models as a file among the health pages that it leads to."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from obs_dagster.fleet import ModelStanding
from obs_dagster.lake.lake import replacing
from obs_dagster.links import Links, health_page
from obs_dagster.reports.fleet.page import render_fleet


def write_page(
    fleet: Sequence[ModelStanding],
    place: Path,
    pages: Path,
    *,
    links: Links,
    now: dt.datetime,
    silenced: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the page; rows lead to the health pages of their last nights, as far as these are there.

    Args:
        fleet: the models, in order.
        place: the file.
        pages: the folder of the health pages.
        links: where Dagster, MLflow and the pages are. A page beside the health pages leads to them by name.
        now: the present, with its time zone.
        silenced: by model, what of it is silenced in Alertmanager, in words.
    """
    beside = place.parent == pages.absolute()

    def page(standing: ModelStanding) -> str:
        file = _page_of(standing, pages)
        if file is None or standing.night is None or not file.exists():
            return ""
        if not beside and links.reports:
            return links.report(standing.model, standing.night.day)
        return Path(os.path.relpath(file, place.parent)).as_posix()

    with replacing(place) as aside:
        html = render_fleet(fleet, now=now, links=links, page=page, silenced=silenced)
        aside.write_text(html, encoding="utf-8")


def stale_pages(fleet: Sequence[ModelStanding], pages: Path) -> Iterator[ModelStanding]:
    """The models whose health page of the last night is not there, or was written before that night ended.

    Without a monitor that can be read there is no page to be made.
    """
    for standing in fleet:
        file = _page_of(standing, pages)
        if file is None or standing.night is None or standing.state == "misconfigured":
            continue
        if not file.exists() or file.stat().st_mtime < standing.night.finished_at.timestamp():
            yield standing


def _page_of(standing: ModelStanding, pages: Path) -> Path | None:
    """The file of a model's last night; None if it had none."""
    return None if standing.night is None else pages / health_page(standing.model, standing.night.day)
