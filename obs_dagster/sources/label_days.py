"""The labels of each day, as partitions of `ground_truth`: merged, and looked after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Lake, Table, manifest_metadata, replacing, rows_format
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import stamp
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.label_book import DayWritten, LabelBook

if TYPE_CHECKING:
    import duckdb

GROUND_TRUTH = "ground_truth"
_COLUMNS = 3


@dataclass(slots=True)
class LabelDays:
    """The days of a monitor's labels.

    Attributes:
        connection: the session whose table `sought` has labels with the day of their prediction, and with its
            id where that is written in another way.
        monitor, lake: whose days, and where.
        book: how they were left.
        missed: days that were lost or damaged, with how many labels they had.
    """

    connection: duckdb.DuckDBPyConnection
    monitor: Monitor
    lake: Lake
    book: LabelBook
    missed: dict[str, int] = field(default_factory=dict)

    @property
    def _table(self) -> Table:
        return self.lake.table(self.monitor.model, GROUND_TRUTH)

    def repair(self) -> list[str]:
        """Remove what is damaged; returns what is wrong with which day.

        Only partitions that are not as they were left are read.
        """
        wrong = []
        there = {str(day): day for day in self._table.days()}
        for name, day in there.items():
            left = self.book.days.get(name)
            if (left is None or left.stamp != self._stamp(day)) and not self._sound(day):
                wrong.append(f"the labels of {day} are damaged")
                self._table.remove(day)
                self.missed[name] = left.labels if left else 0
        for name, left in self.book.days.items():
            if name not in there:
                wrong.append(f"the labels of {name} are gone")
                self.missed[name] = left.labels
        return wrong

    def merge(self, day: dt.date, *, once: bool = False) -> int | None:
        """Merge the labels sought and found in one day into its partition; None if that changes nothing.

        A label that is null takes back what its prediction had.

        Args:
            day: the day.
            once: whether each of the labels sought found one prediction at most.
        """
        path, before = self._table.path(day), self._table.manifest(day)
        merged = (
            "SELECT coalesce(logged, prediction_id) AS prediction_id, label, known_at FROM sought "
            f"WHERE day = '{day}'"
        )
        if self._repeats_ids(day) and not (once and self._by_id):
            merged = merged.replace("SELECT", "SELECT DISTINCT", 1)
        if before:
            stored = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
            merged = (
                "SELECT prediction_id, label, known_at FROM "
                f"(SELECT *, 0 AS newer FROM {stored} "
                f"UNION ALL BY NAME SELECT *, 1 AS newer FROM ({merged})) "
                "QUALIFY row_number() OVER (PARTITION BY prediction_id "
                "ORDER BY label IS NULL DESC, known_at DESC NULLS LAST, newer DESC) = 1"
            )
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE merged AS SELECT * FROM ({merged}) WHERE label IS NOT NULL"
        )
        labels, content = self.connection.sql(
            "SELECT count(*), CAST(bit_xor(hash(prediction_id, label, known_at)) AS VARCHAR) FROM merged"
        ).fetchall()[0]
        fingerprint = f"{labels}-{content}"
        if (before is None and not labels) or (before and before["fingerprint"] == fingerprint):
            return None
        manifest = manifest_metadata({"labels": labels, "fingerprint": fingerprint})
        pairs = ", ".join(f"{key}: {literal(value)}" for key, value in manifest.items())
        with replacing(path) as aside:
            self.connection.execute(
                f"COPY (FROM merged ORDER BY prediction_id) TO {literal(str(aside))} "
                f"({rows_format(_COLUMNS)}, KV_METADATA {{{pairs}}})"
            )
        return int(labels)

    def written(self) -> dict[str, DayWritten]:
        """Every day that has labels, as it is now."""
        found = {}
        for day in self._table.days():
            name, now = str(day), self._stamp(day)
            left = self.book.days.get(name)
            labels = (
                left.labels if left and left.stamp == now else (self._table.manifest(day) or {})["labels"]
            )
            found[name] = DayWritten(labels, now)
        return found

    def short(self) -> dict[str, int]:
        """Days that were lost and have fewer labels now than they had, with how many that were."""
        now = self.written()
        return {
            day: had
            for day, had in sorted((self.book.lost | self.missed).items())
            if had > (now[day].labels if day in now else 0)
        }

    def _stamp(self, day: dt.date) -> str:
        return stamp(self._table.path(day))

    def _repeats_ids(self, day: dt.date) -> bool:
        """Whether several versions may have made predictions under one id."""
        manifest = self.lake.table(self.monitor.model, LOGS).manifest(day) or {}
        versions = manifest.get("versions", {})
        return len(versions) > 1 or sum(versions.values()) != manifest.get("rows")

    @property
    def _by_id(self) -> bool:
        """Whether a label's key says which id its prediction has, so that no two find one id."""
        labels = self.monitor.labels
        return labels is not None and not labels.columns.in_log

    def _sound(self, day: dt.date) -> bool:
        """Whether a partition can be read, and has all labels that it says."""
        import duckdb

        try:
            manifest = self._table.manifest(day) or {}
            rows = self.connection.sql(
                "SELECT count(*), bit_xor(hash(prediction_id, label, known_at)) FROM "
                f"read_parquet({literal(str(self._table.path(day)))}, hive_partitioning = false)"
            ).fetchall()[0][0]
        except (duckdb.Error, LakeError):
            return False
        return bool(rows == manifest.get("labels"))
