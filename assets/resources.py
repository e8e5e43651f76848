"""What stages share: the lake, the history store and MLflow, as the environment names them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings


class Platform(dg.ConfigurableResource):  # type: ignore[type-arg]  # the resource is its own value
    """The platform's stores; read from the environment when a stage asks, never at import."""

    @property
    def settings(self) -> Settings:
        """The settings of the environment."""
        return Settings()

    @property
    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.settings.lake_root)

    @property
    def tracking_uri(self) -> str:
        """MLflow's tracking and registry URI."""
        return self.settings.mlflow_uri

    @contextmanager
    def history(self) -> Iterator[History]:
        """The history store, open for the block."""
        with History.open(self.settings.history_url) as store:
            yield store

    def night(self, monitor: Monitor, run_id: str) -> Night:
        """What a stage of a run evaluates days with."""
        recorder = Recorder(monitor.model, run_id, self.now(), monitor.task)
        return Night(monitor, self.lake, recorder)

    def now(self) -> dt.datetime:
        """The present, in UTC."""
        return dt.datetime.now(dt.UTC)
