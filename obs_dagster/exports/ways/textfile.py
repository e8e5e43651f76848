"""`textfile:///FOLDER/obs.prom`: for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from obs_dagster.exports.address import Address
from obs_dagster.exports.sample import Sample
from obs_dagster.exports.textfile import write
from obs_dagster.exports.way import ExportError

_WRITTEN = "textfile:///FOLDER/obs.prom, of a folder that is there and a file that ends with .prom"


class Textfile:
    """Writes a file, all of it at once."""

    name = "textfile"
    # the time of the file is what the node exporter tells of it
    forgets = True

    def schemes(self) -> frozenset[str]:
        """`textfile://` only."""
        return frozenset({"textfile"})

    def send(self, url: str, samples: Sequence[Sample], now: dt.datetime) -> None:
        """Write the file; there are no times in it, which the collector refuses."""
        del now
        place = Path(Address.of(url).path)
        try:
            write(place, samples)
        except OSError as error:
            raise ExportError(f"{place} cannot be written ({error.strerror}).") from error

    def problem(self, url: str) -> str:
        """Its folder has to be there."""
        found = Address.of(url)
        place = Path(found.path)
        right = not found.host and place.suffix == ".prom" and place.parent.is_dir()
        return "" if right else f"It is written {_WRITTEN}."


WAY = Textfile()
