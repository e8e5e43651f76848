"""`python -m bench`: measures what is asked for, keeps the results, and writes the report."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import options as command_line
from bench.measurement import BenchError
from bench.parts import PARTS
from bench.parts.evaluation import TOOLS
from bench.workspace import Workspace


def main() -> int:
    """Measure, report; the exit code."""
    # an exception, so that what runs and what was generated is cleared away
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = command_line.parse(None, list(PARTS), TOOLS)
    with _workspace(options.data) as workspace:
        for name in options.parts:
            try:
                PARTS[name].run(options, workspace)
            except BenchError as error:
                print(f"{name} cannot be measured: {error}", file=sys.stderr)
                return 1
    if options.report:
        from bench.report import write_report

        print(f"Wrote {write_report()}")
    return 0


@contextlib.contextmanager
def _workspace(kept: Path | None) -> Iterator[Workspace]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield Workspace(kept.absolute())
        return
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder:
        yield Workspace(Path(folder))


if __name__ == "__main__":
    sys.exit(main())
