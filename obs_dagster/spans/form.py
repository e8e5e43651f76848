"""A form of files of spans: how it is told from others, and how its spans are read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from obs_dagster.kinds import Kinds, Place
from obs_dagster.lake.quoting import identifier, literals

COLUMNS = ("trace_id", "span_id", "parent_id", "name", "began", "ended", "failed", "told")
"""What a form gives of each span: its ids, its parent's, its name, when it began and ended in nanoseconds
since 1970, whether it says that it failed, and the values of attributes as texts, in the order asked for.
A form that reads evaluations too has them in a column more, `scored` (`obs_dagster.spans.scores`)."""

LONGEST = (16 << 20, 128 << 20)
"""Bytes of a record of JSON at most, tried one after the other: memory for several such is taken at once."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of some files, before anybody says what they mean.

    Attributes:
        files: the files, of one form.
        types: DuckDB's type of each column of Parquet files; None for JSON, in which any may be there.
        longest: bytes of a record of JSON at most.
    """

    files: Sequence[Path]
    types: Mapping[str, str] | None = None
    longest: int = LONGEST[0]

    def select(self, wanted: Mapping[str, str]) -> str:
        """SQL for a table with the wanted columns, by name and type; those that are not there are null.

        Columns of Parquet files keep their own type.
        """
        files = literals(map(str, self.files))
        if self.types is None:
            types = ", ".join(f"{identifier(name)}: '{kind}'" for name, kind in wanted.items())
            return (
                f"(SELECT * FROM read_json({files}, columns = {{{types}}}, format = 'auto', "
                f"records = 'true', maximum_object_size = {self.longest}, hive_partitioning = false))"
            )
        known = {name: identifier(name) for name in self.types}
        columns = ", ".join(f"{known.get(name, 'NULL')} AS {identifier(name)}" for name in wanted)
        source = f"read_parquet({files}, hive_partitioning = false, union_by_name = true)"
        return f"(SELECT {columns} FROM {source})"


class SpanForm(Protocol):
    """Reads the spans of one form.

    Attributes:
        name: what it is called.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def claims(self, columns: Collection[str], *, json: bool) -> bool:
        """Whether records with these columns, or fields, have the form."""

    def query(self, rows: Rows, attributes: Sequence[str]) -> str:
        """SQL for `COLUMNS` of each span, one row each.

        Args:
            rows: the records.
            attributes: the names of the attributes that are asked for.
        """


FORMS: Kinds[SpanForm] = Kinds(
    "form of spans", "obs_dagster.span_forms", [Place("obs_dagster.spans.forms", "FORM")]
)
