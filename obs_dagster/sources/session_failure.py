"""Failures of a DuckDB session that are not about the files it reads: no memory, or a fault inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from obs_dagster.content.embedding.encoder import encoder_failure
from obs_dagster.errors import LakeError, ObsError


def not_the_input(error: Exception, files: Sequence[Path]) -> ObsError | None:
    """The error for a failure that is not about files which were read; None if it may be about them.

    Args:
        error: of DuckDB, or of the system.
        files: the files that were read.
    """
    import duckdb

    if failure := encoder_failure(error):
        return failure
    text = " ".join(str(error).split())
    # through a stream of Arrow's it is an error of that, which quotes the database's
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in text:
        return LakeError(
            f"DuckDB has no memory or room for temporary files left: {text}",
            remedy="Free disk space for temporary files (TMPDIR) or memory, then run again; the files that "
            "were read are not the cause.",
        )
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return ObsError(
            f"DuckDB failed inside while it read {_named(files)}: {text[:300]}",
            remedy="Run again; if it fails again, please report it with the file's schema.",
        )
    return None


def _named(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0]}{more}" if files else "no file"
