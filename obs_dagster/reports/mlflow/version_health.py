"""The current health of a model version, as people see it in the model registry."""

from __future__ import annotations

from obs_dagster.reports.mlflow.entities import ModelVersion
from obs_dagster.reports.mlflow.registry import Registry
from obs_dagster.reports.mlflow.tracking import differing
from obs_dagster.reports.mlflow.version_report import VersionReport

_DAY = "obs.health.day"

#: What stands between these in a description is ours; people write around it. Neither is shown.
_BEGIN, _END = "<!-- obs-dagster -->", "<!-- /obs-dagster -->"


def tell_health(
    registry: Registry, report: VersionReport, name: str, registered: ModelVersion, story: str
) -> None:
    """Tags the version with the verdict and describes it, unless it has that of a later day already."""
    if registered.tags.get(_DAY, "") > report.day.isoformat():
        return
    wanted = {"obs.health": report.verdict.status, _DAY: report.day.isoformat()}
    registry.tag(name, report.version, differing(registered.tags, wanted))
    description = with_story(registered.description, story)
    if description != registered.description:
        registry.describe(name, report.version, description)


def with_story(description: str, story: str) -> str:
    r"""A version's description with our part of it, first; what people wrote stays.

    >>> with_story("Trained on winter.", "**Sound**: fine.")
    '<!-- obs-dagster -->\n**Sound**: fine.\n<!-- /obs-dagster -->\n\nTrained on winter.'
    """
    before, begun, rest = description.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    others = f"{before}{after}" if begun and ended else description
    return f"{_BEGIN}\n{story}\n{_END}\n\n{others.strip()}".strip()
