"""Files that somebody named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.cli.failure import UsageError
from obs_dagster.permissions import as_started


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Write a file that somebody named, with the permissions of its place.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        with as_started():
            yield
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}.", remedy="Choose another.") from error
