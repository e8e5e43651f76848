"""How a model stands after a night: a line per version, and what fires and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich.text

from jobs.cli.console import OUTPUT, cell, table

if TYPE_CHECKING:
    from obs_dagster.reports.health import HealthInput

_STYLES = {"sound": "bold green", "moved": "bold yellow", "failing": "bold red", "unknown": "bold magenta"}


def print_standing(page: HealthInput) -> bool:
    """Print the verdict of every version, and the alerts that fire.

    Returns:
        Whether something is firing.
    """
    from obs_dagster.reports.verdict import urgency, verdicts
    from obs_dagster.reports.wording import measured, number

    for verdict in verdicts(page.monitor, page.records, page.alerts, page.nights, page.day):
        line = rich.text.Text.assemble(
            "Version ", cell(verdict.version), " ", (verdict.status, _STYLES[verdict.status]), ": "
        )
        OUTPUT.print(line.append_text(cell(verdict.sentence)))
    firing = sorted((alert for alert in page.alerts if alert.state == "firing"), key=urgency)
    if not firing:
        OUTPUT.print(f"Nothing is firing after {page.day}.", highlight=False)
        return False
    rows = table("rule", "severity", "version", "segment", "column", "value", "limit", "nights", "id")
    for alert in firing:
        value = measured(alert.metric, alert.value, alert.low, alert.high)
        limit = f"{alert.direction} {number(alert.metric, alert.threshold)}"
        rows.add_row(
            *map(cell, (alert.rule, alert.severity, alert.version, alert.segment, alert.column)),
            *map(cell, (value, limit, alert.nights, alert.id)),
        )
    OUTPUT.print(f"\n{len(firing)} firing after {page.day}:", highlight=False)
    OUTPUT.print(rows)
    return True
