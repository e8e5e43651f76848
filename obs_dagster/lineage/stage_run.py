"""A stage of a run as OpenLineage sees it: a run of a job that reads and writes datasets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from obs_dagster import __version__
from obs_dagster.lake.lake import Lake
from obs_dagster.lineage import quality
from obs_dagster.lineage.datasets import facets_of, made_of, name_of, version_of
from obs_dagster.lineage.switch import PRODUCER, namespace
from obs_dagster.monitor.model import Monitor
from obs_dagster.secrets import scrub
from obs_dagster.sources.ingest import LOGS

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Tested:
    """A check that a stage reported.

    Attributes:
        name: its name.
        passed: whether it found nothing.
        blocks: whether what it finds is an error, not a warning.
        description: what it found, in words.
    """

    name: str
    passed: bool
    blocks: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class StageRun:
    """One run of a stage, for one day or several.

    Attributes:
        monitor: the monitor.
        stage: the stage, which is the name of what it writes too.
        reads: names in the graph of assets of what it reads.
        days: the days, ascending; none for a stage without partitions.
        run_id: the run of Dagster, a UUID.
        attempt: 0, or how often it was tried before in the run.
        job: the job of Dagster that the run is of.
        lake: where it reads and writes.
    """

    monitor: Monitor
    stage: str
    reads: Sequence[str]
    days: Sequence[dt.date]
    run_id: str
    attempt: int
    job: str
    lake: Lake

    def started(self, at: dt.datetime) -> RunEvent:
        """It began."""
        return self._event("START", at)

    def completed(self, at: dt.datetime, tests: Sequence[Tested] = ()) -> RunEvent:
        """It ended well, with what it read and wrote, and the checks that it reported."""
        return self._event("COMPLETE", at, measured=True, **_tests(tests))

    def failed(self, at: dt.datetime, error: BaseException) -> RunEvent:
        """It ended with an error."""
        from openlineage.client.generated.error_message_run import ErrorMessageRunFacet

        said = scrub(f"{type(error).__name__}: {error}")[:_LONGEST]
        return self._event("FAIL", at, errorMessage=ErrorMessageRunFacet(said, "PYTHON"))

    def aborted(self, at: dt.datetime) -> RunEvent:
        """Somebody ended it."""
        return self._event("ABORT", at)

    def _event(self, state: str, at: dt.datetime, *, measured: bool = False, **facets: Any) -> RunEvent:
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

        return RunEvent(
            eventType=RunState[state],
            eventTime=at.isoformat(),
            run=Run(self._id, {**self._run_facets(), **facets}),
            job=Job(namespace(), f"{self.job}.{self.stage}", self._job_facets()),
            inputs=list(self._inputs(measured=measured)),
            outputs=list(self._outputs(measured=measured)),
            producer=PRODUCER,
        )

    @property
    def _id(self) -> str:
        """The same for all events of the run of the stage, whichever process sends them."""
        return str(uuid5(_uuid(self.run_id), f"{self.monitor.model}/{self.stage}/{self.attempt}"))

    def _run_facets(self) -> dict[str, Any]:
        from openlineage.client.generated import nominal_time_run, parent_run, processing_engine_run

        parent = (
            parent_run.Run(str(_uuid(self.run_id))),
            parent_run.Job(namespace(), self.job),
        )
        facets: dict[str, Any] = {
            "parent": parent_run.ParentRunFacet(*parent),
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
                _version_of("dagster"), "dagster", __version__
            ),
        }
        if self.days:
            begin, end = (
                dt.datetime.combine(day, dt.time(), self.monitor.zone).isoformat()
                for day in (self.days[0], self.days[-1] + dt.timedelta(days=1))
            )
            facets["nominalTime"] = nominal_time_run.NominalTimeRunFacet(begin, end)
        return facets

    def _job_facets(self) -> dict[str, Any]:
        from openlineage.client.generated import documentation_job, job_type_job, ownership_job

        about = self.monitor.description or self.monitor.model
        facets: dict[str, Any] = {
            "jobType": job_type_job.JobTypeJobFacet("BATCH", "DAGSTER", "ASSET"),
            "documentation": documentation_job.DocumentationJobFacet(f"Stage {self.stage} of: {about}"),
        }
        if self.monitor.owner:
            owner = ownership_job.Owner(self.monitor.owner, "MAINTAINER")
            facets["ownership"] = ownership_job.OwnershipJobFacet([owner])
        return facets

    def _inputs(self, *, measured: bool) -> Iterator[InputDataset]:
        from openlineage.client.event_v2 import InputDataset

        for asset in self.reads:
            if name := name_of(self.monitor, asset):
                facets = facets_of(self.monitor, asset, self.lake)
                found = self._measured(asset) if measured else {}
                facets |= version_of(self.monitor, asset, self.days, self.lake) if measured else {}
                yield InputDataset(name.namespace, name.name, facets=facets, inputFacets=found)

    def _outputs(self, *, measured: bool) -> Iterator[OutputDataset]:
        from openlineage.client.event_v2 import OutputDataset

        name = name_of(self.monitor, self.stage)
        if name:
            facets = facets_of(self.monitor, self.stage, self.lake) | made_of(self.monitor, self.stage)
            found = self._written() if measured and self.stage == LOGS else {}
            yield OutputDataset(name.namespace, name.name, facets=facets, outputFacets=found)

    def _measured(self, asset: str) -> dict[str, Any]:
        """What the stage found of the rows that it read, which data quality judges and the profile counts."""
        found: dict[str, Any] = {}
        if (self.stage, asset) == ("data_quality", LOGS):
            found = {
                "dataQualityMetrics": quality.rows_read(self.monitor, self.days, self.lake),
                "dataQualityAssertions": quality.assertions(self.monitor, self.days, self.lake),
            }
        elif (self.stage, asset) == ("profile", "data_quality"):
            found = {"dataQualityMetrics": quality.column_metrics(self.monitor, self.days, self.lake)}
        return {key: facet for key, facet in found.items() if facet is not None}

    def _written(self) -> dict[str, Any]:
        from openlineage.client.generated.output_statistics_output_dataset import (
            OutputStatisticsOutputDatasetFacet,
        )

        table = self.lake.table(self.monitor.model, self.stage)
        there = [day for day in self.days if table.exists(day)]
        return {
            "outputStatistics": OutputStatisticsOutputDatasetFacet(
                rowCount=sum((table.readable(day) or {}).get("rows", 0) for day in there),
                size=sum(table.path(day).stat().st_size for day in there),
                fileCount=len(there),
            )
        }


def _tests(tests: Sequence[Tested]) -> dict[str, Any]:
    from openlineage.client.generated.test_run import TestExecution, TestRunFacet

    if not tests:
        return {}
    return {
        "test": TestRunFacet(
            [
                TestExecution(
                    name=each.name,
                    status="pass" if each.passed else "fail",
                    severity="error" if each.blocks else "warn",
                    description=scrub(each.description) or None,
                )
                for each in tests
            ]
        )
    }


def _uuid(run_id: str) -> UUID:
    """The run's id, which is a UUID in Dagster; of any other text one that follows from it."""
    try:
        return UUID(run_id)
    except ValueError:
        return uuid5(NAMESPACE_URL, run_id)


@cache
def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
