"""The quality of days whose rows were validated where they are: what sites found, put together."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day_rows import RULES
from obs_dagster.quality.refusal import fact
from obs_dagster.quality.validated import QUARANTINE, DayQuality

#: The quarantine is at the sites; here are numbers and rules of it.
_NO_ROWS = pa.schema([(ROW, pa.int64()), (RULES, pa.list_(pa.string()))]).empty_table()


def write_counted(monitor: Monitor, day: dt.date, lake: Lake, manifest: Mapping[str, Any]) -> DayQuality:
    """Put together what sites found of a day, and replace the day's quarantine, which has no rows."""
    quality = _together(day, manifest)
    lake.table(monitor.model, QUARANTINE).write(day, _NO_ROWS, asdict(quality))
    return quality


def _together(day: dt.date, manifest: Mapping[str, Any]) -> DayQuality:
    sites: Mapping[str, Mapping[str, Any]] = manifest["sites"]
    taken = {site: each["quality"] for site, each in sites.items() if not each["refused"]}
    rules: Counter[str] = Counter()
    released: Counter[str] = Counter()
    for quality in taken.values():
        rules.update(quality["broken_rules"])
        released.update(quality["released"])
    evaluated = [site for site, quality in taken.items() if quality["evaluated"]]
    reason = "" if evaluated else _reason(day, sites, taken)
    digest = hashlib.sha256(str(sorted((site, each["digest"]) for site, each in sites.items())).encode())
    refused = f"-{digest.hexdigest()[:16]}-refused" if reason else "-sites"
    return DayQuality(
        evaluated=not reason,
        reason=reason,
        rows=manifest["rows"],
        quarantined=sum(quality["quarantined"] for quality in taken.values()),
        duplicates=manifest["duplicates"],
        versions=manifest["versions"],
        schema_changes=manifest["schema_changes"],
        broken_rules=dict(sorted(rules.items(), key=lambda item: (-item[1], item[0]))),
        results=_results([quality["results"] for quality in taken.values()]),
        fingerprint=f"{manifest['fingerprint']}{refused}",
        released=dict(released),
        conflicts=manifest["conflicts"],
        purged=True,
    )


def _reason(
    day: dt.date, sites: Mapping[str, Mapping[str, Any]], taken: Mapping[str, Mapping[str, Any]]
) -> str:
    """Why a day is not evaluated: no site sent it, or none has rows of it that may be."""
    told = [f"{site}: {each['refused']}" for site, each in sites.items() if each["refused"]]
    told += [f"{site}: {fact(quality['reason'])}" for site, quality in taken.items() if quality["reason"]]
    if not sites:
        return f"no site has sent anything of the day\nnone of the files has {day}"
    return f"no site has rows that can be evaluated\n{'; '.join(told)}"


def _results(of_sites: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """What became of each expectation at all sites; values that failed stay there."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for results in of_sites:
        for each in results:
            key = tuple(str(each[name]) for name in ("origin", "column", "name", "rule"))
            known = found.setdefault(
                key, {**each, "checked": 0, "failed": 0, "success": True, "examples": []}
            )
            known["checked"] += each["checked"]
            known["failed"] += each["failed"]
            known["success"] &= each["success"]
            known["error"] = known["error"] or each["error"]
    return list(found.values())
