"""What files say of the noise in their counts, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def noise_in_words(privacy: Mapping[str, Any]) -> str:
    """How far counts of a site are off; "none" where they are exact.

    >>> noise_in_words({"epsilon": 1.0, "within_95": 24}), noise_in_words({"min_cell": 5})
    ('epsilon 1, 95 % of counts within 24 rows', 'none')
    """
    if not privacy.get("epsilon"):
        return "none"
    return f"epsilon {privacy['epsilon']:g}, 95 % of counts within {privacy['within_95']:,} rows"


def noisy_sites(sites: Mapping[str, Mapping[str, Any]]) -> str:
    """What people must know of numbers that are made of counts with noise; empty if there are none.

    Args:
        sites: what each said of a day, as the manifest of its log has it.
    """
    told = [
        f"{site} ({noise_in_words(each['privacy'])})"
        for site, each in sites.items()
        if not each["refused"] and each["privacy"].get("epsilon")
    ]
    if not told:
        return ""
    return (
        f"Counts of {', '.join(told)} have noise of differential privacy: values are approximate, and their "
        "intervals know only of the rows"
    )


def told_of_sites(manifest: Mapping[str, Any], *, objectives: bool = False) -> list[str]:
    """What a reader of a day's numbers has to know of the sites that they are made of.

    Args:
        manifest: of the day's log.
        objectives: whether requests by the hour are asked for.
    """
    sites: Mapping[str, Mapping[str, Any]] = manifest.get("sites", {})
    taken = {site: each for site, each in sites.items() if not each["refused"]}
    lacking, told = ", ".join(manifest.get("lacking", ())), []
    if lacking:
        of = ", ".join(taken) or "none"
        told.append(f"{lacking} sent nothing of this day that is taken; its numbers are of {of}")
    told += [
        f"{site} does not evaluate the day, and sent no rows of it"
        for site, each in taken.items()
        if not each["quality"]["evaluated"]
    ]
    if noise := noisy_sites(taken):
        told.append(noise)
    silent = [
        site
        for site, each in taken.items()
        if each["privacy"].get("epsilon") or each["privacy"].get("min_cell")
    ]
    if objectives and silent:
        told.append(
            f"Objectives are not measured of {', '.join(silent)}: requests by the hour are few, and not sent"
        )
    return told
