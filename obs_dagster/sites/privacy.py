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
        f"counts of {', '.join(told)} have noise of differential privacy: values are approximate, and their "
        "intervals know only of the rows"
    )
