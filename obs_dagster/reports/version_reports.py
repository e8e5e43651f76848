"""The reports of one night: one per version, with everything that is to be read about it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial

from obs_dagster import __version__
from obs_dagster.baselines.stored import load_grids
from obs_dagster.explain.kept import explanation_files, explanation_remarks
from obs_dagster.lake.lake import Lake
from obs_dagster.links import NO_LINKS, Links
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.validated import day_quality
from obs_dagster.reports.causes import causes_section
from obs_dagster.reports.evidently_ahead import Pages
from obs_dagster.reports.health.page import HealthInput, render_health
from obs_dagster.reports.mlflow.listed import markdown
from obs_dagster.reports.mlflow.plotted import plotted_of
from obs_dagster.reports.mlflow.training import VERSIONS
from obs_dagster.reports.mlflow.version_report import TRACE_TAG, Content, Later, VersionReport
from obs_dagster.tasks.sections import Section
from obs_dagster.telemetry.traces import trace_id
from obs_dagster.verdict.headline import headline_window

PAGE = "health.html"
"""The artifact that is the health page."""

WHERE = "where.md"
"""The artifact that says where a version is wrong, and why its first metric changed."""

COMPONENTS = "components.md"
"""The artifact that says what each component of the system took."""

CAUSES = "causes.md"
"""The artifact that says where it began among the components of a night that one is off."""

FAIRNESS = "fairness.md"
"""The artifact that says how a version treats groups of people."""

#: The folder of Evidently's pages.
_EVIDENTLY = "evidently/"


@dataclass(frozen=True, slots=True)
class VersionsOfNight:
    """The health page of a night as it was drawn, and the report of each version that has a verdict."""

    page: str
    reports: Sequence[VersionReport]


class VersionReports:
    """Makes the reports of nights of one monitor.

    Args:
        monitor: the monitor.
        lake: holds what the stages kept of each night.
        links: where people look beside MLflow.
    """

    def __init__(self, monitor: Monitor, lake: Lake, links: Links = NO_LINKS) -> None:
        self._monitor = monitor
        self._lake = lake
        self._links = links
        self._plotted = plotted_of(monitor)

    def of(self, page: HealthInput, records: Sequence[MetricRecord], *, settled: bool) -> VersionsOfNight:
        """The health page, and one report per version that has a verdict; Evidently's pages stay as they are.

        Args:
            page: what the health page shows.
            records: all records of the night.
            settled: whether labels of the day are not waited for any longer.
        """
        monitor, lake = self._monitor, self._lake
        explained = explanation_remarks(monitor, page.day, lake)
        if explained:
            # another page indexes its records and judges its versions anew
            page = replace(page, remarks=self.remarks(page))
        shared: dict[str, Content] = {
            PAGE: (drawn := render_health(page)),
            "alerts.json": json.dumps([asdict(line) for line in page.alerts], default=str),
            "changes.json": json.dumps([each.as_json() for each in page.changes.every], default=str),
        }
        quality = day_quality(monitor, page.day, lake)
        if quality is not None:
            shared["great_expectations.json"] = json.dumps(asdict(quality), default=str)
        if page.components is not None:
            shared[COMPONENTS] = markdown(page.components.sections)
        if page.causes is not None:
            shared[CAUSES] = markdown([causes_section(page.causes)])
        if page.compared is not None:
            shared[VERSIONS] = markdown(page.versus)
        found = []
        for verdict in page.verdicts:
            version = verdict.version
            explanations = explanation_files(monitor, page.day, version, lake)
            found.append(
                VersionReport(
                    model=monitor.model,
                    version=version,
                    day=page.day,
                    records=[record for record in records if record.version in (version, WHOLE)],
                    settled=settled,
                    verdict=verdict,
                    params=self._params,
                    tags={"mlflow.obs.run_id": page.run_id, **self._traced},
                    artifacts=shared
                    | _told(WHERE, page.why, version)
                    | _told(FAIRNESS, page.fairness, version)
                    | {f"explanations/{name}": file for name, file in explanations.items()},
                    compared=page.compared,
                    remarks=explained.get(version, ()),
                    links=self._ways(page),
                    kept=_EVIDENTLY,
                    registered_model=monitor.registry.name if monitor.registry else None,
                    linked_window=headline_window(monitor),
                    task=monitor.task,
                    plots=self._plotted.__contains__,
                )
            )
        return VersionsOfNight(drawn, found)

    def remarks(self, page: HealthInput) -> list[str]:
        """What is to be known of a page, with what explanations of its night lack."""
        explained = explanation_remarks(self._monitor, page.day, self._lake)
        return [*page.remarks, *_by_version(explained)]

    @property
    def _traced(self) -> dict[str, str]:
        """The tag that names the trace of the run that publishes, if there is one."""
        trace = trace_id()
        return {TRACE_TAG: trace} if trace else {}

    def _ways(self, page: HealthInput) -> dict[str, str]:
        places = {
            "health page": self._links.report(self._monitor.model, page.day),
            "day in Dagster": self._links.stage(self._monitor.model, "alerts", page.day),
            "trace": self._links.trace(trace_id()),
        }
        return {name: url for name, url in places.items() if url}

    @cached_property
    def _params(self) -> dict[str, str]:
        monitor = self._monitor
        monitored = hashlib.sha256(monitor.model_dump_json().encode()).hexdigest()[:12]
        decides = any(each.kind == "decision" for each in outputs(monitor))
        return {
            "monitor": monitored,
            "windows": ", ".join(map(str, monitor.windows)),
            "baseline": monitor.baseline.kind,
            "grids": load_grids(monitor, self._lake).id,
            **({"threshold": str(monitor.logs.threshold)} if decides else {}),
            "obs_dagster": __version__,
        }


def _told(name: str, of: Mapping[str, Sequence[Section]], version: str) -> dict[str, Content]:
    """What a page says of a version as an artifact; nothing where it says nothing."""
    told = markdown(of.get(version, ()))
    return {name: told} if told else {}


def with_evidently(
    report: VersionReport, pages: Callable[[], Pages], page: Callable[[Sequence[str]], str]
) -> VersionReport:
    """The report of a version with Evidently's pages in the place of those that were published before.

    Args:
        report: the report.
        pages: waits for them.
        page: draws the health page of the night with more remarks.
    """
    return replace(report, later=partial(_of_version, pages, report.version, page), kept="")


def _of_version(evidently: Callable[[], Pages], version: str, page: Callable[[Sequence[str]], str]) -> Later:
    """Evidently's pages of a version; where some could not be made, the health page says so too."""
    pages = evidently()
    files: dict[str, Content] = {
        f"{_EVIDENTLY}{name}": file for name, file in pages.files.get(version, {}).items()
    }
    if any(pages.remarks.values()):
        files[PAGE] = page(_by_version(pages.remarks))
    return Later(files, pages.remarks.get(version, ()))


def _by_version(remarks: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"Version {version}: {remark}" for version, told in sorted(remarks.items()) for remark in told]
