"""When an alert is graver than its rule says at first."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict

Severity = Literal["info", "warning", "critical"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""From the mildest on."""


class Escalation(Strict):
    """Makes an alert graver that lasts, or whose value is far beyond the threshold.

    Exactly one of `after` and `beyond` is given. What has become graver stays so until the alert ends.
    """

    to: Severity = Field(description="How bad it is then.")
    after: int | None = Field(
        default=None, ge=1, le=365, description="Nights in breach after the one on which it fired."
    )
    beyond: float | str | None = Field(
        default=None, description="A value beyond this, on the wrong side; written like the threshold."
    )


def gravest(*severities: Severity) -> Severity:
    """The gravest of some severities.

    >>> gravest("warning", "critical", "info")
    'critical'
    """
    return max(severities, key=SEVERITIES.index)
