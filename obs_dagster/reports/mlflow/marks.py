"""What a run says about itself to the next publication, in tags that MLflow's UI hides, and to people."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from obs_dagster.reports.mlflow.entities import Run
from obs_dagster.reports.mlflow.version_report import VersionReport

KEY = "mlflow.obs.key"
"""The tag that finds the runs of one night, or of one trend; the UI hides tags that begin with `mlflow.`."""

FAMILY = "mlflow.obs.family"
"""The tag that all runs of a version share."""

_STATE = "mlflow.obs.state"
_LONGEST_TAG = 8_000
_LONGEST_NAME = 250
_SHORT = 200


@dataclass(frozen=True)
class State:
    """How far a run has got.

    Attributes:
        complete: whether it holds all that it should.
        revision: how often it was replaced before.
        artifacts: a digest of each of its artifacts, by path.
    """

    complete: bool = False
    revision: int = 0
    artifacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> dict[str, str]:
        """The tag that keeps it."""
        kept = {"complete": self.complete, "revision": self.revision, "artifacts": dict(self.artifacts)}
        return {_STATE: json.dumps(kept, sort_keys=True)}


def state_of(run: Run) -> State:
    """How far the run has got."""
    kept = json.loads(run.tags.get(_STATE, "{}"))
    return State(kept.get("complete", False), kept.get("revision", 0), kept.get("artifacts", {}))


def newest_complete(runs: Iterable[Run]) -> Run | None:
    """The complete run of the latest revision."""
    complete = [run for run in runs if state_of(run).complete]
    return max(complete, key=lambda run: state_of(run).revision, default=None)


def next_revision(runs: Iterable[Run]) -> int:
    """The revision of a run that replaces the given ones."""
    return max((state_of(run).revision for run in runs), default=-1) + 1


def identity(kind: str, report: VersionReport, day: dt.date | None) -> dict[str, str]:
    """The tags that say whose run it is."""
    return {
        KEY: run_key(kind, report.model, report.version, day),
        FAMILY: run_key("family", report.model, report.version),
        "obs.kind": kind,
        "obs.version": report.version,
        "mlflow.user": "obs-dagster",
        "mlflow.source.name": "obs-dagster",
        "mlflow.source.type": "JOB",
    }


def run_key(kind: str, model: str, version: str, day: dt.date | None = None) -> str:
    """Finds a run by a tag that is safe in a filter, whatever the version is called."""
    parts = [kind, model, version, "" if day is None else day.isoformat()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def name_of(subject: str, report: VersionReport, of: str) -> str:
    """What a run is called; how its version does comes second, for lists cut long names."""
    return f"{subject[:_SHORT]} · {report.verdict.status} · {of}"[:_LONGEST_NAME]


def status_of(report: VersionReport) -> str:
    """The status of a run: that of a version that fails is seen as failed in every list."""
    return "FAILED" if report.verdict.status == "failing" else "FINISHED"


def cut(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags as MLflow takes them."""
    return {key: value[:_LONGEST_TAG] for key, value in tags.items()}
