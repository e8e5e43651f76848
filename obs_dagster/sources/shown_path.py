"""How a path is written where people read it."""

from __future__ import annotations

from pathlib import Path


def shown_path(path: str) -> str:
    """The path without `..`, as far as that leads to the same place.

    Paths of monitor files begin in the monitors' folder, so many of them go up first. What is stored of files
    keeps their paths as they are.

    >>> shown_path("/fraud/monitors/../logs/{day}.csv"), shown_path("s3://logs/a/../b")
    ('/fraud/logs/{day}.csv', 's3://logs/a/../b')
    """
    if "://" in path:
        return path
    head, up, tail = path.partition("/../")
    while up and head and not Path(head).is_symlink():
        path = f"{str(Path(head).parent).rstrip('/')}/{tail}"
        head, up, tail = path.partition("/../")
    return path
