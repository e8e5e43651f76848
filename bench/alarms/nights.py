"""Nights of the flights with the default rules, through every stage of the engine; no Dagster, no MLflow."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from obs_dagster.alerts import evaluate_nights, evaluate_rules
from obs_dagster.alerts.moved import from_lake
from obs_dagster.anomalies import record_anomalies
from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.catalogue import monitor_of
from obs_dagster.errors import ObsError
from obs_dagster.evaluation.drift import drift_of_day, keep_changes
from obs_dagster.evaluation.log_records import quality_records, rows_before
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.night_record import record_nights
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.sampling import draw_versions
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.evaluation.windows import day_profile
from obs_dagster.explain.scoring import compare
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.model_check import ModelCheck
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

SHIPPED = Path(__file__).parents[2] / "monitors" / "flight_delay.yaml"
"""The demo's monitor, whose own rules are left out."""


@dataclass(frozen=True)
class Registered:
    """A version as the registry has it.

    Attributes:
        columns: what it is given.
        score: from rows with these to what it puts out, shape (n,).
    """

    columns: Sequence[str]
    score: Callable[[pd.DataFrame], NDArray[Any]]


Models = Mapping[str, Registered]


@dataclass(frozen=True)
class Nights:
    """A home whose monitor has the default rules; the flights' logs and labels are below `demo`.

    Attributes:
        home: the home folder.
        monitor: the monitor.
        models: what the registry has of each version, for its scores to be held against the log's.
    """

    home: Path
    monitor: Monitor
    models: Models = field(default_factory=dict)

    @classmethod
    def at(cls, home: Path, first_day: dt.date, models: Models, **changes: Any) -> Nights:
        """The home of a folder, its monitor written anew.

        Args:
            home: the folder.
            first_day: the monitor's `start`.
            models: of each version.
            changes: keys of the monitor that differ from the demo's.
        """
        document = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
        for name in ("alerts", "end", "routes"):
            del document[name]
        document |= {"start": first_day, "windows": [1, 7], "segments": [], **changes}
        return cls.of(home, document, models)

    @classmethod
    def of(cls, home: Path, document: Mapping[str, Any], models: Models) -> Nights:
        """The home of a folder, with a monitor that is written into it."""
        file = home / "monitors" / f"{document['model']}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")
        return cls(home, monitor_of(file, environ={"OBS_HOME": str(home)}), models)

    def copied(self, home: Path) -> Nights:
        """All of it in another folder; files that are never changed, but replaced, are shared."""
        shutil.copytree(self.home, home, copy_function=_linked)
        file = home / "monitors" / f"{self.monitor.model}.yaml"
        return Nights(home, monitor_of(file, environ={"OBS_HOME": str(home)}), self.models)

    @contextmanager
    def history(self) -> Iterator[History]:
        """The store of what is known of them."""
        with History.open(f"sqlite:///{self.home / 'history.db'}") as history:
            yield history

    def run(self, day: dt.date, history: History) -> None:
        """The night of a day; one that fails, or is refused, is an alert and no exception."""
        monitor, lake = self.monitor, Lake(self.home / "lake")
        now = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(9), dt.UTC)
        night = Night(monitor, lake, Recorder(monitor.model, f"night-{day}", now, monitor.task))
        try:
            records = [*_stages(night, day), *self._checked(night, day)]
        except ObsError:
            record_nights(night, [day], history)
            evaluate_nights(monitor, history, as_of=day, now=now, run_id=night.recorder.run_id)
            return
        names = {
            name
            for of in ("quality", "drift", "performance", "service", "explanation")
            for name in family(of)
        }
        for on in sorted({record.day for record in records}):
            of_day = [record for record in records if record.day == on]
            found = {record.metric for record in of_day} | (names if on == day else set())
            history.replace_metrics(of_day, model=monitor.model, days=[on], metrics=found)
        record_nights(night, [day], history)
        record_anomalies(monitor, history, [day], night.recorder)
        moved = from_lake(lake)
        evaluate_rules(monitor, history, as_of=day, now=now, run_id=night.recorder.run_id, moved=moved)

    def _checked(self, night: Night, day: dt.date) -> Iterator[MetricRecord]:
        """Whether models give the log's scores, of a sample as it is drawn to be explained."""
        served = [version for version in day_profile(night, day).versions() if version in self.models]
        drawn = draw_versions(
            self.monitor, day, night.lake, versions=served, rows=self.monitor.explanations.sample
        )
        for version, rows in drawn.items():
            model = self.models[version]
            if not set(model.columns) <= set(rows.columns):
                # without one of its columns the registered model refuses them all
                continue
            score = self.monitor.logs.columns.score
            found = compare(model.score(rows), rows[score])
            check = ModelCheck(len(rows), 0, found.rows, found.differing, found.largest)
            estimates = evaluate("explanation", check)
            yield from night.recorder.records(estimates, version=version, day=day, window=1)


def _linked(source: str, place: str) -> None:
    (os.link if source.endswith(".parquet") else shutil.copy2)(source, place)


def _stages(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """What all stages find; of days whose labels have come, their performance anew."""
    monitor, lake = night.monitor, night.lake
    ingest_logs(monitor, day, lake)
    ingest_labels(monitor, lake)
    quality = validate_day(monitor, day, lake)
    prepare_baseline(monitor, lake)
    list(profile_days(night, [day]))
    stale = sorted(stale_outcomes(night, night.profiles.days()))
    list(reduce_outcomes_of(night, stale))
    yield from quality_records(quality, day, night.recorder, before=rows_before(monitor, day, lake))
    drift = drift_of_day(night, day)
    keep_changes(monitor.model, lake, day, drift.changes)
    yield from drift.records
    yield from service_records(night, day)
    touched = {each + dt.timedelta(days=n) for each in stale for n in range(max(monitor.windows))}
    for on in sorted(each for each in touched | {day} if each <= day):
        yield from performance_records(night, on)
