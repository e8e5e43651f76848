"""A file that the textfile collector of Prometheus' node exporter reads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from obs_dagster.exports.exposition import exposition
from obs_dagster.exports.sample import Sample
from obs_dagster.permissions import open_as_started


def write(place: Path, samples: Iterable[Sample]) -> None:
    """Write the file, all of it at once, with the permissions of the user's own choice: others read it.

    Raises:
        OSError: it cannot be written.
    """
    aside = place.with_name(f"{place.name}.{os.getpid()}")
    content = exposition(samples)
    try:
        aside.write_bytes(content)
        open_as_started(aside)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)
