"""Nights of one generated model with two registered versions, one after the other, as `obs run` does them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from bench.bucket import Bucket
from bench.measurement import prepare
from bench.nights import NightsTaken, obs
from bench.prepare.columns import CATEGORIES, ID, LATENCY, NUMBERS, STATUS, TIME, VERSION
from bench.prepare.kinds import ModelKind
from bench.prepare.monitor import FIRST_DAY, MODEL, features, monitor
from bench.process import Limits
from bench.table import rows_of
from bench.workspace import Workspace, say

_MOST_BASELINE_ROWS = 1_000_000
_VERSIONS = ("2023-12-01", "2023-12-02")
_FEATURES = (*NUMBERS, *CATEGORIES)


class Season:
    """A model whose versions are trained and registered, in a folder of its own."""

    def __init__(
        self, workspace: Workspace, folder: Path, rows: int, kind: ModelKind, bucket: Bucket | None = None
    ) -> None:
        """Train the versions.

        Args:
            workspace: where rows are kept.
            folder: for home, monitor, logs and models; in the workspace.
            rows: of each day.
            kind: of the model.
            bucket: for logs, labels, baseline and the lake; left out: they are in the folder.
        """
        self._workspace, self._rows, self._kind, self._bucket = workspace, rows, kind, bucket
        self._home, self.monitors = folder / "home", folder / "monitors"
        self._day = dt.date.fromisoformat(FIRST_DAY)
        workspace.monitor(
            str(self.monitors.relative_to(workspace.folder)),
            monitor(
                contract=features(), registered=True, kind=kind, folder=f"{bucket.url}/" if bucket else ""
            ),
        )
        #: What is known when a prediction is logged; its label comes in a file of its own.
        self._logged = [ID, TIME, VERSION, LATENCY, STATUS, *_FEATURES, *kind.outputs]
        trained = [*self._logged, kind.label]
        baselines = []
        for version, day in enumerate(_VERSIONS, start=1):
            count = min(rows, _MOST_BASELINE_ROWS)
            baselines.append(workspace.rows(count, day, drift=0.0, versions=1, columns=trained))
            self._put(baselines[-1], f"baseline/{version}.parquet")
        self._home.mkdir()
        say(f"Training and registering the versions: {kind.task}")
        model = {
            "baselines": [str(file) for file in baselines],
            "tracking_uri": f"sqlite:///{self._home}/mlflow.db",
            "artifacts": str(self._home / "models"),
            "task": kind.task,
        }
        prepare("model", model)

    def night(
        self,
        limits: Limits,
        command: Sequence[str] = ("run", MODEL),
        environ: Mapping[str, str] = MappingProxyType({}),
        program: Sequence[str] = (),
    ) -> NightsTaken:
        """Run the next day's night by a command of `obs`, with further variables, or what runs `obs`."""
        day = self._day.isoformat()
        self._day += dt.timedelta(days=1)
        rows = self._workspace.rows
        self._put(rows(self._rows, day, columns=self._logged), f"logs/{day}.parquet")
        self._put(rows(self._rows, day, columns=[ID, self._kind.label]), f"labels/{day}.parquet")
        say(f"A night of {rows_of(self._rows)} rows: {self._kind.task}")
        arguments = [*command, "--day", day]
        before = self._bucket.cpu() if self._bucket else 0.0
        taken = obs(
            arguments,
            home=self._home,
            monitors=self.monitors,
            limits=limits,
            environ={**self._reached, **environ},
            program=program,
        )
        if taken.failure:
            say(f"  {taken.failure}")
        return replace(taken, server=self._bucket.cpu() - before) if self._bucket else taken

    def _put(self, file: Path, name: str) -> None:
        """Let a file be where the monitor looks for it."""
        if self._bucket:
            self._bucket.put(file, name)
            return
        place = self.monitors / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file.absolute())

    @property
    def _reached(self) -> Mapping[str, str]:
        """The variables that let a night reach its bucket."""
        return {**self._bucket.environ, "OBS_LAKE": f"{self._bucket.url}/lake"} if self._bucket else {}
