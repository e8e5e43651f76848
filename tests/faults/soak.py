"""`python -m tests.faults.soak FOLDER`: disturbs nights by the hundred, and reports.

The folder keeps a line per case (`cases.jsonl`), so that it may be interrupted, and the report (`report.md`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.faults import bad_files, clocks, contention, kills, report, services, storage
from tests.faults.case import Case
from tests.faults.laboratory import Laboratory

CHAINS = {"evaluate": 16, "send": 45, "publish": 40}
WORKERS = 8
FILES, RANGES, RESTARTS = 60, 20, 12


def every_case(laboratory: Laboratory) -> Iterator[Case]:
    """All disturbances of the full run."""
    yield from kills.cases(laboratory, CHAINS, WORKERS)
    yield from bad_files.cases(FILES)
    yield from contention.cases(RANGES)
    yield from clocks.cases()
    yield from storage.cases()
    yield from services.cases(RESTARTS)


def main() -> int:
    """Do what is not done yet; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("folder", type=Path, help="what was done is kept here")
    parser.add_argument("--only", nargs="*", help="groups of disturbances, such as kills; left out: all")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    done = report.read(folder)
    place = Path(tempfile.mkdtemp(prefix="obs-faults-"))
    try:
        with closing(Laboratory(place)) as laboratory:
            laboratory.prepare()
            for case in every_case(laboratory):
                if options.only and case.group not in options.only:
                    continue
                if not done.get((case.group, case.name), {"error": "new"})["error"]:
                    continue
                report.add(folder, _done(case, laboratory))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    summary = report.write(folder)
    sys.stdout.write(f"{summary}\n")
    return int(report.wrong(folder) > 0)


def _done(case: Case, laboratory: Laboratory) -> dict[str, object]:
    began, error, counted = time.monotonic(), "", 0
    try:
        counted = case.run(laboratory)
    except Exception as failure:  # noqa: BLE001  the next case is another matter
        error = f"{type(failure).__name__}: {failure}"
    seconds = round(time.monotonic() - began, 2)
    sys.stdout.write(
        f"{case.group}: {case.name}: {error.splitlines()[0] if error else 'as undisturbed'} ({seconds} s)\n"
    )
    sys.stdout.flush()
    return {
        "group": case.group,
        "name": case.name,
        "count": counted,
        "error": error,
        "seconds": seconds,
        "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }


if __name__ == "__main__":
    sys.exit(main())
