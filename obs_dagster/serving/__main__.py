"""`python -m obs_dagster.serving FOLDER`: finish what processes left that ended before they could."""

from __future__ import annotations

import sys
from pathlib import Path

from obs_dagster.serving.hour_file import as_lines, leftovers, recover
from obs_dagster.serving.writer import LABELS, PREDICTIONS


def main(folders: list[str]) -> int:
    """Recover the files of some folders as JSON lines, and say what is left: what living processes write."""
    if not folders:
        sys.stderr.write("Name the folder of the log: python -m obs_dagster.serving FOLDER\n")
        return 2
    for folder in folders:
        tables = [Path(folder) / table for table in (PREDICTIONS, LABELS)]
        recovered = sum(recover(table, as_lines) for table in tables)
        left = sum(len(list(leftovers(table))) for table in tables)
        sys.stdout.write(f"{folder}: {recovered} files recovered, {left} being written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
