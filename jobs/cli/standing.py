"""How a model stands after a night: a line per version, and what fires and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich.text
from rich.padding import Padding

from jobs.cli.alert_table import print_alerts
from jobs.cli.console import OUTPUT, cell

if TYPE_CHECKING:
    from obs_dagster.reports.health import HealthInput

_STYLES = {"sound": "bold green", "moved": "bold yellow", "failing": "bold red", "unknown": "bold magenta"}


def print_standing(page: HealthInput) -> bool:
    """Print the verdict of every version, and the alerts that fire.

    Returns:
        Whether something is firing.
    """
    from obs_dagster.reports.comparison import different_days

    judged = page.verdicts
    for verdict in judged:
        line = rich.text.Text.assemble(
            "Version ", cell(verdict.version), " ", (verdict.status, _STYLES[verdict.status]), ": "
        )
        OUTPUT.print(line.append_text(cell(verdict.reasons[0])))
        for reason in verdict.reasons[1:]:
            OUTPUT.print(Padding(cell(reason), (0, 0, 0, 2)))
    if note := different_days(judged):
        OUTPUT.print(cell(note, "italic"))
    firing = [alert for alert in page.alerts if alert.state == "firing"]
    if not firing:
        OUTPUT.print(f"Nothing is firing after {page.day}.", highlight=False)
        return False
    OUTPUT.print(f"\n{len(firing)} firing after {page.day}:", highlight=False)
    print_alerts(firing)
    return True
