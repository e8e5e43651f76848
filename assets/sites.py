"""What a stage tells of the sites whose profiles it takes in."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from assets.tables import table
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.sites.inbox import Inbox
from obs_dagster.sites.privacy import noise_in_words, noisy_sites
from obs_dagster.sources.ingest import LOGS
from obs_dagster.telemetry.event import Event

_REFUSED = Event(
    "obs_dagster.sites",
    "profile refused",
    "warning",
    "A file of a site is not taken: nobody known has signed it, or its counts mean something else.",
    {"reason": "which file, why, and what to do"},
)
_LACKING = Event(
    "obs_dagster.sites",
    "site lacking",
    "warning",
    "A site has sent nothing of a day, or nothing that can be taken; the day is evaluated without its rows.",
    {"day": "the day", "sites": "which"},
)


def sites_metadata(monitor: Monitor, day: dt.date, lake: Lake) -> dict[str, dg.MetadataValue | str]:
    """What each site sent of a day, and which sent nothing; empty where the rows are here."""
    if not at_sites(monitor):
        return {}
    manifest = lake.table(monitor.model, LOGS).readable(day) or {}
    if lacking := manifest.get("lacking"):
        _LACKING(day=str(day), sites=", ".join(lacking))
    sites = [
        {
            "site": site,
            "rows": each["rows"],
            "labels": each["labels"],
            "quarantined": each["quality"]["quarantined"],
            "smallest count": each["privacy"].get("min_cell") or "1",
            "noise": noise_in_words(each["privacy"]),
            "evaluated": each["refused"] or each["quality"]["reason"] or "yes",
        }
        for site, each in manifest.get("sites", {}).items()
    ]
    columns = ["site", "rows", "labels", "quarantined", "smallest count", "noise", "evaluated"]
    return {
        "sites": table(sites, columns),
        **({"what noise means": told} if (told := noisy_sites(manifest.get("sites", {}))) else {}),
        "sites that lack": ", ".join(manifest.get("lacking", ())) or "none",
    }


def site_faults(
    context: dg.AssetExecutionContext, monitor: Monitor, lake: Lake, days: Sequence[dt.date]
) -> list[str]:
    """Why files of sites are not taken, which people have to know."""
    if not at_sites(monitor):
        return []
    told = [each.reason for each in Inbox.of(monitor).refused]
    for day in days:
        manifest = lake.table(monitor.model, LOGS).readable(day) or {}
        told += [each["refused"] for each in manifest.get("sites", {}).values() if each["refused"]]
    told = list(dict.fromkeys(told))
    for reason in told:
        context.log.warning(reason)
        _REFUSED(reason=reason)
    return told
