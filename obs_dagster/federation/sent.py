"""What is sent of a day, and what it comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.federation.small_cells import LeftOut, rows_of_cells


@dataclass(slots=True)
class SentDay:
    """What is sent of a day."""

    profile: pa.Table
    outcomes: pa.Table | None
    hours: pa.Table | None
    header: dict[str, Any]
    left_out: LeftOut = field(default_factory=LeftOut)
    without_outcomes: int = 0


def rows_of_whole(profile: pa.Table) -> dict[str, int]:
    """The rows of each version in a profile."""
    return {version: n for (version, segment), n in rows_of_cells(profile).items() if segment == "*"}


def labelled_rows_of(outcomes: pa.Table | None) -> int | None:
    """Labelled rows of a day, where a task counts them by label."""
    if outcomes is None or "label" not in outcomes.column_names:
        return None
    whole = outcomes.filter(pc.and_(pc.equal(outcomes["segment"], "*"), pc.is_valid(outcomes["label"])))
    return int(pc.sum(whole["n"]).as_py() or 0)


def digest_of(*parts: Any) -> str:
    """Changes with the content of tables, and with what else is said."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pa.Table):
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, part.schema.remove_metadata()) as stream:
                stream.write_table(part.replace_schema_metadata(None).combine_chunks())
            digest.update(sink.getvalue())
        else:
            digest.update(str(part).encode())
    return digest.hexdigest()[:16]
