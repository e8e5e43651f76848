"""Says what people have silenced in Alertmanager."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from jobs.cli.console import ERRORS, OUTPUT, cell

if TYPE_CHECKING:
    from obs_dagster.alerts.elsewhere import Elsewhere


def tell_elsewhere(incidents: Collection[str], models: Collection[str]) -> None:
    """Say which incidents of some models are silenced in Alertmanager."""
    if not models:
        return
    found = elsewhere(models)
    for thread, told in sorted(found.told(set(incidents)).items()):
        OUTPUT.print()
        OUTPUT.print(cell(f"incident {thread}  {told}", "cyan"))
    tell_problems(found)


def tell_problems(found: Elsewhere) -> None:
    """Say of which places nothing is known, on standard error."""
    for problem in found.problems:
        ERRORS.print(cell(problem, "yellow"))


def elsewhere(models: Collection[str] | None = None) -> Elsewhere:
    """What is silenced in Alertmanager of some models, of all if left out."""
    from jobs.cli.choice import readable_monitors
    from obs_dagster.alerts.elsewhere import silenced_elsewhere

    return silenced_elsewhere(readable_monitors(models).monitors.values(), os.environ)
