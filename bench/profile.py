"""`python -m bench.profile`: how fast a day becomes a profile, beside a bare scan of the same columns.

The part `scan` of the benchmarks by itself, printed. It takes the options of `python -m bench`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench import options as command_line
from bench.parts import scan
from bench.results import read
from bench.workspace import Workspace


def main() -> None:
    """Measure and print."""
    options = command_line.parse([scan.NAME, *sys.argv[1:]], [scan.NAME], [])
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        scan.run(options, Workspace(options.data or Path(folder)))
    print(scan.section(read(scan.NAME)))


if __name__ == "__main__":
    main()
