"""The rows of a log where they are: in a warehouse, which reduces them and gives counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Literal

import narwhals as nw
from pydantic import Field

from obs_dagster.engine.protocol import Engine
from obs_dagster.engine.warehouse_problems import problems
from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.quality.day_rows import DayRows
from obs_dagster.quality.expectations import Judge
from obs_dagster.quality.frames import FrameJudge
from obs_dagster.quality.validated import validated
from obs_dagster.quality.warehouse import check_unchanged, clean_table
from obs_dagster.sources.label_table import label_table
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.warehouse_labelled import labelled_table
from obs_dagster.sources.warehouse_labels import labels_of


class WarehouseEngine(Engine):
    """Count rows in the warehouse that has them, with Ibis; also written `engine: warehouse`.

    The log, and labels, are tables of one warehouse (`source: ibis`). Nothing but counts comes back, so what
    needs rows is not known, and says so; unless `sample` allows some rows of each day to be fetched for it.
    Needs the extra `ibis`.
    """

    rows_stay: ClassVar[bool] = True
    counts_unique: ClassVar[bool] = True

    kind: Literal["warehouse"] = "warehouse"
    sample: Annotated[
        int,
        Field(
            ge=0,
            le=100_000,
            description="How many rows of each version and day may leave the warehouse, for SHAP, "
            "Evidently's pages and metrics of several columns: those whose ids have the lowest MD5, always "
            "the same ones. 0: none may.",
        ),
    ] = 0

    @property
    def sample_rows(self) -> int:
        """As `sample` says."""
        return self.sample

    @classmethod
    def problems(cls, document: Document) -> Iterator[Problem]:
        """With `engine: warehouse` log and labels are tables of one warehouse, and nothing needs rows."""
        yield from problems(document)

    def judge(self, monitor: Monitor, day: dt.date, lake: Lake, rows: DayRows, frames: FrameJudge) -> Judge:
        """No row is here to be judged (see `quality.warehouse`)."""
        del day, lake, rows, frames
        raise LakeError(
            f"The rows of {monitor.model} stay in the warehouse.", remedy="Ask the warehouse for them."
        )

    @contextmanager
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of days that break no rule, as a query."""
        validated(monitor, days, lake)
        with log_table(monitor).opened() as (log,):
            yield nw.from_native(clean_table(log, monitor, days, lake))
        check_unchanged(monitor, days, lake)

    @contextmanager
    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of `clean_rows` joined with their labels, as a query."""
        validated(monitor, days, lake)
        labels = monitor.labels
        if labels is None:
            raise LakeError(f"{monitor.model} has no labels.", remedy="Add `labels` to the monitor.")
        with log_table(monitor).opened(label_table(labels)) as (log, table):
            rows = clean_table(log, monitor, days, lake)
            known = labels_of(table, monitor, lake)
            yield nw.from_native(labelled_table(rows, known, monitor, days, aged=aged))
        check_unchanged(monitor, days, lake)


ENGINE = WarehouseEngine
