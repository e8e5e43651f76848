"""A night in this process, and how much of its CPU is spent in the code of telemetry, exports and lineage.

A timer of the process's CPU interrupts it every few milliseconds. What has passed since the last time belongs
to telemetry if one of its files is on the stack: what it imports and calls is counted with it. Threads that
are telemetry's own are counted as a whole.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import threading
import time
from types import FrameType

_EVERY = 0.002
_OURS = ("obs_dagster/telemetry/", "obs_dagster/exports/", "obs_dagster/lineage/", "jobs/night_span.py")
_THEIRS = ("/opentelemetry/", "/openlineage/", "/structlog/")
_THREADS = ("otel", "batch", "openlineage", "splunk")


class Sampler:
    """Adds up CPU by whether telemetry is on the stack of the main thread."""

    def __init__(self) -> None:
        self.telemetry = self.squares = 0.0
        self.samples = 0
        self._last = 0.0
        self._known: dict[str, bool] = {}

    def begin(self) -> None:
        """Sample from now on."""
        self._last = time.thread_time()
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)

    def end(self) -> None:
        """Sample no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _signal: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        passed, self._last = now - self._last, now
        self.samples += 1
        while frame is not None:
            # a function that is a span is below its wrapper
            if frame.f_code.co_name != "call" and self._is_telemetry(frame.f_code.co_filename):
                self.telemetry += passed
                self.squares += passed**2
                break
            frame = frame.f_back

    def _is_telemetry(self, file: str) -> bool:
        if file not in self._known:
            self._known[file] = any(part in file for part in (*_OURS, *_THEIRS))
        return self._known[file]


def main() -> None:
    """Run `obs` with the arguments, and tell of it on the last line of standard output."""
    sampler = Sampler()
    sampler.begin()
    from jobs.cli import main as obs

    sys.argv = ["obs", *sys.argv[1:]]
    code: object = 0
    try:
        obs()
    except SystemExit as ended:
        code = ended.code
    sampler.end()
    own = [each for each in threading.enumerate() if any(part in each.name.lower() for part in _THREADS)]
    beside = sum(time.clock_gettime(time.pthread_getcpuclockid(each.ident)) for each in own if each.ident)
    told = {
        "code": code,
        "cpu": time.process_time(),
        "telemetry": sampler.telemetry + beside,
        "threads": beside,
        # of so many moments that telemetry was met in, each as long as it was
        "error": 1.96 * math.sqrt(sampler.squares),
        "samples": sampler.samples,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
