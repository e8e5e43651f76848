"""Forget ids of a model: in the lake, the history store and pages. Run twice, nothing is left to remove.

Numbers that rows were counted into stay: they name nobody. The list of what is forgotten is written first, so
a night that begins meanwhile passes the ids over, and running it again completes an erasure that was killed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from obs_dagster.erasure.mentions import Mentions
from obs_dagster.erasure.rows import remove_rows
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.component_outcomes import matched_by
from obs_dagster.history import History
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake, read_json, replacing, write_json
from obs_dagster.lake.quoting import identifier, literals
from obs_dagster.links import experiment_name
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.tables import COMPONENT_PARTS, SAMPLED
from obs_dagster.pseudonym import pseudonym
from obs_dagster.quality.sampled import FETCHED, FETCHED_LABELS
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.files import connect
from obs_dagster.sources.forgotten import remember_forgotten, write_audit
from obs_dagster.sources.halves import forget_halves
from obs_dagster.sources.identifiers import join_key
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.label_days import GROUND_TRUTH
from obs_dagster.sources.label_keys import of_predictions
from obs_dagster.sources.labels import HOLDING
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.purged import purged_on
from obs_dagster.spans.meaning import trace_key
from obs_dagster.telemetry.event import Event

_FORGOTTEN = Event(
    "obs_dagster.erasure",
    "ids forgotten",
    "info",
    "Somebody had ids removed from all that nights have made of them; the line has their pseudonyms.",
    {"model": "the model", "by": "who", "ids": "pseudonyms of the ids", "removed": "rows and mentions"},
)
_SAMPLES = "baseline_rows"
_TEXTS = frozenset({".html", ".json", ".csv", ".txt", ".md"})
_ROW = "row"
"""What files of explanations call the id."""


@dataclass(slots=True)
class Removed:
    """How much of the ids there was.

    Attributes:
        rows: rows of the log's copy.
        labels: labels of predictions, joined or waiting.
        quarantined: rows in quarantine.
        samples: rows in samples and explanations.
        pages: pages and artifacts that mentioned one.
        texts: nights, verdicts, alerts, incidents and notifications that did.
        days: days whose rows are fewer now.
    """

    rows: int = 0
    labels: int = 0
    quarantined: int = 0
    samples: int = 0
    pages: int = 0
    texts: int = 0
    days: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Erasure:
    """Where a model's ids may be.

    Attributes:
        monitor: the monitor.
        lake: the lake.
        history: the history store.
        pages: the folder of pages.
        artifacts: the folder of MLflow's artifacts, where it is a folder of the home.
    """

    monitor: Monitor
    lake: Lake
    history: History
    pages: Path
    artifacts: Path

    def forget(self, ids: Sequence[str], *, by: str, now: dt.datetime, dry_run: bool = False) -> Removed:
        """Remove ids, and have ingestion pass them over from now on.

        Args:
            ids: the ids of predictions.
            by: who asked for it.
            now: when.
            dry_run: only say how much there is.

        Raises:
            LakeError, HistoryError, OSError: something cannot be read or written; another run completes it.
        """
        model = self.monitor.model
        known = self._forms(ids)
        if not dry_run:
            remember_forgotten(model, self.lake, known)
        every = known.union(map(pseudonym, known))
        removed = Removed()
        self._of_log(every, removed, dry_run=dry_run)
        self._of_files(every, removed, dry_run=dry_run)
        mentions = Mentions(every)
        removed.pages = sum(self._mentioned(file, mentions, dry_run=dry_run) for file in self._texts())
        removed.texts = self.history.rewrite_texts(model, mentions.taken_out, dry_run=dry_run)
        if not dry_run:
            hashed = sorted({pseudonym(each) for each in ids})
            counts = asdict(removed)
            write_audit(model, self.lake, {"at": now.isoformat(), "by": by, "ids": hashed, "removed": counts})
            _FORGOTTEN(model=model, by=by, ids=", ".join(hashed), removed=str(counts))
        return removed

    def _forms(self, ids: Sequence[str]) -> frozenset[str]:
        """The ids, as labels write them too, and the keys that their predictions have in the labels."""
        found = set(ids)
        with connect() as connection:
            told = f"SELECT {join_key('id')} FROM (SELECT unnest({literals(sorted(found))}) AS id)"
            found |= {str(form) for (form,) in connection.sql(told).fetchall()}
            labels = self.monitor.labels
            if labels is not None and labels.columns.keys:
                for day in self._days():
                    log = log_rows(connection, self.monitor, [day], self.lake)
                    key = of_predictions(self.monitor, "log", connection.sql(log).columns)
                    which = f"list_contains({literals(sorted(ids))}, {self._key})"
                    keys = connection.sql(
                        f"SELECT DISTINCT {key} FROM ({log}) AS log WHERE {which}"
                    ).fetchall()
                    found |= {str(text) for (text,) in keys if text is not None}
        return frozenset(found)

    @property
    def _key(self) -> str:
        return identifier(self.monitor.logs.columns.prediction_id)

    def _days(self) -> list[dt.date]:
        table = self.lake.table(self.monitor.model, LOGS)
        return [day for day in table.days() if not purged_on(table.manifest(day))]

    def _of_log(self, ids: Collection[str], removed: Removed, *, dry_run: bool) -> None:
        """The copy of the log; of rows that are read in place there is a copy without them from now on."""
        table, column = self.lake.table(self.monitor.model, LOGS), self.monitor.logs.columns.prediction_id
        mentions = Mentions(ids)

        def fewer_rows(manifest: dict[str, Any], gone: int) -> dict[str, Any]:
            told = {"conflicting": mentions.taken_out(manifest.get("conflicting", []))}
            return _fewer_rows(manifest, gone) | (told if gone else {})

        for day in self._days():
            with connect() as connection:
                rows = log_rows(connection, self.monitor, [day], self.lake)
            source = f"SELECT * EXCLUDE ({DAY}) FROM ({rows})"
            self._of_requests(day, rows, ids, dry_run=dry_run)
            count = remove_rows(table.path(day), column, ids, source=source, said=fewer_rows, dry_run=dry_run)
            if count:
                removed.rows += count
                removed.days.append(day.isoformat())

    def _of_requests(self, day: dt.date, rows: str, ids: Collection[str], *, dry_run: bool) -> None:
        """What is known of requests that only rows of the ids are of, before these are gone."""
        parts, key = self.lake.table(self.monitor.model, COMPONENT_PARTS), matched_by(self.monitor)
        if not key or not parts.exists(day) or dry_run:
            return
        with connect() as connection:
            if not {key, self.monitor.logs.columns.prediction_id} <= {*connection.sql(rows).columns}:
                return
            gone = f"list_contains({literals(sorted(ids))}, CAST({self._key} AS VARCHAR))"
            found = connection.sql(
                f"SELECT {trace_key(identifier(key))} AS request FROM ({rows}) GROUP BY request "
                f"HAVING request IS NOT NULL AND bool_and(coalesce({gone}, false))"
            ).fetchall()
        if found:
            remove_rows(parts.path(day), "request", {str(request) for (request,) in found})

    def _of_files(self, ids: Collection[str], removed: Removed, *, dry_run: bool) -> None:
        model, column = self.monitor.model, self.monitor.logs.columns.prediction_id
        mentions = Mentions(ids)

        def without_values(manifest: dict[str, Any], _: int) -> dict[str, Any]:
            told = ("examples", "results", "reason", "conflicting")
            return manifest | {key: mentions.taken_out(manifest[key]) for key in told if key in manifest}

        removed.rows += forget_halves(model, self.lake, ids, dry_run=dry_run)
        for path in self._partitions(QUARANTINE):
            removed.quarantined += remove_rows(path, column, ids, said=without_values, dry_run=dry_run)
        for path in self._partitions(GROUND_TRUTH):
            removed.labels += remove_rows(path, "prediction_id", ids, said=_fewer_labels, dry_run=dry_run)
        for path in self._partitions(FETCHED_LABELS):
            removed.labels += remove_rows(path, "prediction_id", ids, dry_run=dry_run)
        holding = self.lake.folder(model, "labels") / HOLDING
        if holding.exists():
            removed.labels += remove_rows(holding, "prediction_id", ids, dry_run=dry_run)
        samples = [
            *self._partitions(_SAMPLES),
            *self._partitions(SAMPLED),
            *self._partitions(FETCHED),
            *self.lake.folder(model, "baseline").glob("*/sample.parquet"),
        ]
        for path in samples:
            removed.samples += remove_rows(path, column, ids, dry_run=dry_run)
        for path in self._explained():
            removed.samples += remove_rows(path, _ROW, ids, dry_run=dry_run)

    def _partitions(self, table: str) -> Iterator[Path]:
        found = self.lake.table(self.monitor.model, table)
        yield from (found.path(day) for day in found.days())

    def _explained(self) -> Iterator[Path]:
        yield from sorted(self.lake.folder(self.monitor.model, "explanations").glob("day=*/*.parquet"))
        yield from sorted(self._published.rglob("shap_values.parquet"))

    @property
    def _published(self) -> Path:
        return self.artifacts / experiment_name(self.monitor.model)

    def _texts(self) -> Iterator[Path]:
        """Pages, artifacts, and what is known of labels."""
        yield from sorted(self.pages.glob(f"{self.monitor.model}-????-??-??.html"))
        yield from sorted(file for file in self._published.rglob("*") if file.suffix in _TEXTS)
        yield from sorted(self.lake.folder(self.monitor.model, "labels").glob("*.json"))

    def _mentioned(self, file: Path, mentions: Mentions, *, dry_run: bool) -> bool:
        if file.parent == self.lake.folder(self.monitor.model, "labels"):
            try:
                before = read_json(file)
            except LakeError:
                return False
            after = mentions.taken_out(before)
            if after != before and not dry_run:
                write_json(file, after)
            return bool(after != before)
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        changed = mentions.replaced(text)
        if changed != text and not dry_run:
            with replacing(file) as aside:
                aside.write_text(changed, encoding="utf-8", errors="surrogateescape")
        return changed != text


def _fewer_rows(manifest: dict[str, Any], gone: int) -> dict[str, Any]:
    if not gone:
        return manifest
    kept = {key: value for key, value in manifest.items() if key != "in_place"}
    # not what ingestion passed over: the day's counts still have these
    return kept | {"rows": manifest["rows"] - gone, "erased": manifest.get("erased", 0) + gone}


def _fewer_labels(manifest: dict[str, Any], gone: int) -> dict[str, Any]:
    return manifest | {"labels": manifest["labels"] - gone} if gone else manifest
