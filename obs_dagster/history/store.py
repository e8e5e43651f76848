"""The history store: metrics, nights and alerts in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from typing import Any, Self, Unpack

import pyarrow as pa
from sqlalchemy import Connection, Engine

from obs_dagster.history import current, nights, purging, upstream, verdicts
from obs_dagster.history.connections import make_engine, reading, writing
from obs_dagster.history.current import Changes, Selection
from obs_dagster.history.migrate import migrate
from obs_dagster.history.nights import NightRecord
from obs_dagster.history.place import parse_url, printable
from obs_dagster.history.verdicts import VerdictRecord
from obs_dagster.metrics.record import MetricRecord


class History:
    """An open store. It may be shared between threads; processes open their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store, creating or upgrading its tables.

        Args:
            url: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/DATABASE`.

        Raises:
            HistoryError: the store cannot be reached, or its schema is newer than this version knows.
        """
        engine = make_engine(parse_url(url))
        try:
            migrate(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Where the store is, without secrets."""
        return printable(self._engine.url)

    @property
    def address(self) -> str:
        """Where the store is, as `open` takes it, with its secrets: for a process beside this one."""
        return self._engine.url.render_as_string(hide_password=False)

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for queries that belong together; they see one state of the store."""
        return reading(self._engine)

    def writing(self, lock: str) -> AbstractContextManager[Connection]:
        """A transaction that commits whole; those with the same lock (a model's name) follow one another."""
        return writing(self._engine, lock)

    def replace_metrics(
        self,
        records: Iterable[MetricRecord],
        *,
        model: str,
        days: Collection[dt.date],
        metrics: Collection[str],
        windows: Collection[int] | None = None,
        now: dt.datetime | None = None,
    ) -> Changes:
        """Make `records` the current ones of (model, days, metrics, windows), in one transaction.

        A record equal to the stored one (numbers up to a relative 1e-9) leaves it untouched, so that a
        night that runs twice changes nothing. What differs or is left over moves to `metric_history`.

        Args:
            records: at most one per key, all inside the scope.
            model: the model.
            days: the days that were evaluated.
            metrics: the metrics that were computed, also those that gave no record.
            windows: the windows; None for all.
            now: when the replaced ones end (UTC); left out: the present.

        Raises:
            HistoryError: a number is NaN or infinite, or the store cannot be used.
            ValueError: a record lies outside the scope, or two have the same key.
        """
        scope = Selection(days=days, metrics=metrics, windows=windows)
        now = now or dt.datetime.now(dt.UTC)
        with self.writing(model) as connection:
            return current.replace_scope(connection, records, model=model, scope=scope, now=now)

    def metrics(self, model: str, **wanted: Unpack[Selection]) -> list[MetricRecord]:
        """The current records of a model, sorted by key; what is left out stays open."""
        with self.reading() as connection:
            return current.read(connection, model, wanted)

    def metric_values(self, model: str, field: str, **wanted: Unpack[Selection]) -> list[Any]:
        """What there is of a field (`day`, `metric`, `window`, `version`, `segment`, `column`), sorted.

        Args:
            model: the model.
            field: the field.
            wanted: of which records; what is left out stays open.
        """
        with self.reading() as connection:
            return current.values(connection, model, field, wanted)

    def stamps(self, model: str) -> dict[dt.date, str]:
        """Per day of a model a text that changes with any of its metric records."""
        with self.reading() as connection:
            return current.stamps(connection, model)

    def metrics_table(self, model: str, **wanted: Unpack[Selection]) -> pa.Table:
        """The same as an Arrow table with a column per field of MetricRecord, for exports."""
        with self.reading() as connection:
            return current.read_table(connection, model, wanted)

    def record_night(self, night: NightRecord) -> None:
        """Keep what came of a day's evaluation, in the place of an earlier one."""
        with self.writing(night.model) as connection:
            nights.record(connection, night)

    def record_upstream(self, model: str, events: Iterable[upstream.UpstreamEvent]) -> None:
        """Keep what became of the assets that a model's log depends on."""
        with self.writing(model) as connection:
            upstream.record(connection, events)

    def nights(
        self, model: str, first: dt.date | None = None, last: dt.date | None = None
    ) -> list[NightRecord]:
        """The nights of a model between two days, both included, by day."""
        with self.reading() as connection:
            return nights.read(connection, model, first, last)

    def rewrite_texts(self, model: str, rewritten: Callable[[Any], Any], *, dry_run: bool = False) -> int:
        """Change what nights, verdicts, alerts, incidents and notifications say of a model; returns how many.

        Args:
            model: the model.
            rewritten: makes the new text, or plain data, of what there is.
            dry_run: whether nothing is changed.
        """
        with self.writing(model) as connection:
            return purging.rewrite_texts(connection, model, rewritten, dry_run=dry_run)

    def forget_before(self, model: str, day: dt.date, *, dry_run: bool = False) -> int:
        """Remove records that others replaced before a day, and what nights before it took.

        What is current stays: metrics, verdicts, alerts, incidents. Returns how many records there are.
        """
        if dry_run:
            with self.reading() as connection:
                return purging.old(connection, model, day)
        with self.writing(model) as connection:
            return purging.remove_old(connection, model, day)

    def record_verdicts(self, model: str, day: dt.date, said: Iterable[VerdictRecord]) -> None:
        """Keep what was said of each version after a night, in the place of what was said before."""
        with self.writing(model) as connection:
            verdicts.record(connection, model, day, said)
