"""Puts a file into object storage."""

from __future__ import annotations

import shutil

from bench.clock import run


def upload(file: str, address: str) -> None:
    """Copy a file to an address."""
    from obs_dagster.lake.lake import replacing
    from obs_dagster.store import place

    with replacing(place(address)) as aside:
        shutil.copyfile(file, aside)


if __name__ == "__main__":
    run(upload)
