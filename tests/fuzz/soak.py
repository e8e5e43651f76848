"""`python -m tests.fuzz.soak FOLDER`: tries inputs by the thousand, and reports.

What was tried is not tried again. An input that fails is kept in the folder, as small as it could be made:
mend its cause, and move it to the corpus.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.faults import report
from tests.faults.laboratory import ENVIRONMENT
from tests.fuzz.all_fuzzers import FUZZERS
from tests.fuzz.fuzzer import Fuzzer, fuzz

TOGETHER = 100
"""Inputs that are tried by one process."""

INPUTS = {
    "monitor_files": 7_500,
    "log_frames": 300,
    "label_frames": 600,
    "parquet_bytes": 600,
    "csv_dialects": 500,
    "json_lines": 500,
    "captures": 300,
}


def main() -> int:
    """Try what has not been tried yet; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.soak", description=__doc__)
    parser.add_argument("folder", type=Path, help="what was done is kept here")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= ENVIRONMENT
    for fuzzer in FUZZERS.values():
        # what is loaded and compiled once, is here, and not in each process
        with suppress(Exception):
            fuzzer.replay(b"model: x")
    done = report.read(folder)
    with tempfile.TemporaryDirectory(prefix="obs-fuzz-") as place:
        for seed in range(max(INPUTS.values()) // TOGETHER):
            for fuzzer in FUZZERS.values():
                name = f"{fuzzer.name}, seed {seed}"
                if (
                    seed * TOGETHER >= INPUTS[fuzzer.name]
                    or not done.get(("fuzz", name), {"error": "new"})["error"]
                ):
                    continue
                report.add(folder, _done(fuzzer, seed, name, Path(place), folder))
    sys.stdout.write(f"{report.write(folder)}\n")
    return int(report.wrong(folder) > 0)


def _done(fuzzer: Fuzzer, seed: int, name: str, place: Path, folder: Path) -> dict[str, object]:
    began = time.monotonic()
    try:
        ended, last = fuzz(fuzzer, seed=seed, examples=TOGETHER, place=place / fuzzer.name)
        error = ended.error or ("" if ended.well else "it crashed or hung")
    except (TimeoutError, ValueError) as failure:
        error, last = f"it crashed or hung: {failure}", place / fuzzer.name / f"last{fuzzer.suffix}"
    if error and last.exists():
        shutil.copyfile(last, folder / f"{fuzzer.name}-{seed}{fuzzer.suffix}")
    seconds = round(time.monotonic() - began, 2)
    sys.stdout.write(f"{name}: {error.splitlines()[0] if error else 'as it must be'} ({seconds} s)\n")
    sys.stdout.flush()
    return {
        "group": "fuzz",
        "name": name,
        "count": 0 if error else int((place / fuzzer.name / "tried").read_text()),
        "error": error,
        "seconds": seconds,
        "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }


if __name__ == "__main__":
    sys.exit(main())
