"""`kind: training`: each version's own training data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import narwhals as nw
from pydantic import Field

from obs_dagster.baselines.prepared import (
    BaselineVersion,
    PreparedBaseline,
    fitted_grids,
    held_version,
    keep_version,
)
from obs_dagster.baselines.protocol import Baseline, OwnRows, Remark
from obs_dagster.baselines.stored import SAMPLE_ROWS, grown_grids
from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.choice import NameOf
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.path_key import PathKey
from obs_dagster.monitor.source import SOURCES, of_files
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.files import SourceFiles, connect, derived
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.named_files import named_files
from obs_dagster.sources.personal import Personal, counted, shown
from obs_dagster.sources.reading import reading_of_training
from obs_dagster.sources.training_faults import training_faults

if TYPE_CHECKING:
    import duckdb

_MOST_NAMED = 5
_LONGEST = 40
#: Rows that are looked at before any night.
_ROWS = 10_000


class TrainingBaseline(Baseline):
    """Compare each version with its own training data, scored by itself, ideally out of fold."""

    of_log: ClassVar[bool] = False
    labelled: ClassVar[bool] = True
    paths: ClassVar[tuple[PathKey, ...]] = (
        PathKey(("baseline", "path"), allowed=("version",), required=("version",)),
    )

    kind: Literal["training"] = "training"
    source: Annotated[str, NameOf(SOURCES, of_files)] = Field(
        default="parquet", description="The format of the files."
    )
    csv: CsvDialect | None = Field(default=None, description="How `csv` files are written.")
    path: str = Field(
        description="Path or glob of a version's training rows; `{version}` stands for the version. "
        "The columns are named as in the log; the label column, where present, as in the label files."
    )

    def prepare(
        self, monitor: Monitor, lake: Lake, connection: duckdb.DuckDBPyConnection, stack: ExitStack
    ) -> PreparedBaseline:
        """Reduce the training rows of every version whose files are new or changed."""
        del stack
        sources = self._files(monitor)

        personal = Personal.of(monitor)

        def typed(source: SourceFiles) -> duckdb.DuckDBPyRelation:
            schema = LogSchema.of(monitor)
            return connection.sql(schema.rows(source.parts(connection), absent_as_null=False))

        def every() -> nw.LazyFrame[Any] | str:
            if not sources:
                return f"there are no files at {self.path}"
            files = sorted({file for source in sources.values() for file in source.files})
            return nw.from_native(counted(typed(next(iter(sources.values())).only(files)), personal))

        grids = fitted_grids(monitor, lake, every)
        versions = []
        faults: list[str] = []
        for version, source in sources.items():
            fingerprint = f"{source.fingerprint()}-{grids.id}-{monitor.cuts}"
            held = held_version(monitor, version, fingerprint, lake)
            if held is None:
                faults += training_faults(connection, monitor, source)
                rows = _named(typed(source), monitor, version)
                picked = f"SELECT * FROM training ORDER BY hash({ROW}), {ROW} LIMIT {SAMPLE_ROWS}"
                sample = shown(derived(rows, "training", picked), personal).to_arrow_table()
                frame = nw.from_native(counted(rows, personal))
                profile = reduce_rows(frame, monitor, grown_grids(monitor, frame, lake))
                held = BaselineVersion(version, profile.rows(version), source.pattern, fingerprint)
                keep_version(monitor, held, profile, sample, lake)
            versions.append(held)
        return PreparedBaseline(grids, tuple(versions), faults=tuple(faults))

    def own_rows(self, monitor: Monitor, version: str) -> OwnRows | None:
        """The version's training rows."""
        source = self._files(monitor).get(version)
        if source is None:
            return None
        schema, personal = LogSchema.of(monitor), Personal.of(monitor)
        return OwnRows(
            source.fingerprint(),
            lambda connection: counted(
                connection.sql(schema.rows(source.parts(connection), absent_as_null=False)), personal
            ),
        )

    def why_none(self, version: str, day: dt.date) -> str:
        """Where the version has no training rows."""
        del day
        return f"there are no training rows of version {version} at {self.path.replace('{version}', version)}"

    def look(self, monitor: Monitor, versions: Sequence[str]) -> Iterator[Remark]:
        """Which versions there are training rows of, and which columns these lack."""
        try:
            sources = self._files(monitor)
            if not sources:
                pattern = monitor.resolve_path(self.path, version="VERSION").replace("VERSION", "*")
                yield Remark("warn", "no files yet", nothing_at=pattern)
                return
            latest = list(sources)[-1]
            with connect() as connection:
                parts = sources[latest].parts(connection, most=0)
                faults = training_faults(connection, monitor, sources[latest], most=_ROWS)
        except ObsError as error:
            yield Remark("fail", str(error))
            return
        present = {name for part in parts for name in part.found}
        # descriptors are made of their content, and some content by an encoder
        features = [name for name in monitor.features if name not in monitor.described]
        content = [name for name, each in monitor.content.items() if each.encoder is None]
        required = [each.column for each in outputs(monitor) if each.required]
        needed = [*features, *content, *required]
        if missing := [name for name in needed if name not in present]:
            detail = f"the training rows of version {latest} have no column {', '.join(missing)}"
            yield Remark("warn", f"{detail}: these are compared with nothing")
        else:
            yield Remark("ok", f"training rows of versions {_listed(list(sources))}")
        yield from (Remark("warn", fault) for fault in faults[:_MOST_NAMED])
        if without := [version for version in versions if version not in sources]:
            detail = f"the log has versions without training rows: {_listed(without)}"
            if any("/" in version for version in without):
                detail += ". A version with `/` in its name has no file of that name; rename it, or use days"
            yield Remark("warn", detail)

    def place(self) -> str:
        """The path of the training rows, for all versions."""
        return self.path

    def _files(self, monitor: Monitor) -> dict[str, SourceFiles]:
        """The files of every version that has training rows, by version."""
        # the placeholder is a file-name part, so a marker without special characters can stand for it
        marker = "0obsversion0"
        pattern = monitor.resolve_path(self.path, version=marker)
        files: dict[str, list[Path]] = {}
        for version, file in named_files(self.source, pattern, marker):
            files.setdefault(version, []).append(file)
        return {
            version: SourceFiles(self.source, pattern, tuple(found), reading_of_training(monitor, self.csv))
            for version, found in sorted(files.items())
        }


BASELINE = TrainingBaseline


def _named(rows: duckdb.DuckDBPyRelation, monitor: Monitor, version: str) -> duckdb.DuckDBPyRelation:
    """Training rows of a version, as rows of a log that name it."""
    column = identifier(monitor.logs.columns.version)
    keep = f"EXCLUDE ({column})" if monitor.logs.columns.version in rows.columns else ""
    return derived(rows, "typed", f"SELECT * {keep}, {literal(version)} AS {column} FROM typed")


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in names[:_MOST_NAMED]]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(shown)}{more}"
