"""The thread that writes: rows wait in a bounded queue, and go to the file of their hour."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

from obs_dagster.serving import counts
from obs_dagster.serving.counts import Counts, Drops
from obs_dagster.serving.hour_file import HOUR, Finished, HourFile, recover
from obs_dagster.serving.row import Label, Row, line

PREDICTIONS, LABELS = "predictions", "labels"

#: A file of an hour that is larger than this is finished, and another one begun.
_LARGEST_FILE = 64 << 20
#: A row that is larger than this as a line is dropped: no log of features has such rows.
_LARGEST_ROW = 1 << 20
#: After so many rows other threads of the process get their turn; CPython itself would let them wait 5 ms.
_TURN = 25
#: So many rows that wait wake the thread before its time.
_MANY = 1_000
#: An hour's file is finished this long after the hour, in seconds: requests end after they began.
_GRACE = 60.0
#: How often files of processes that ended are looked for, in seconds.
_RECOVERY = 600.0

Clock = Callable[[], float]


class Writer:
    """Takes rows from any thread, and writes them in one of its own.

    Args:
        folder: holds the folders `predictions` and `labels`.
        finished: makes of an hour's lines what is read.
        most: rows that may wait; what comes beyond is dropped.
        every: seconds between two writes.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self, folder: Path, finished: Finished, *, most: int, every: float, clock: Clock = time.time
    ) -> None:
        self.folder = folder
        self._finished, self._most, self._every, self._clock = finished, most, every, clock
        self._begin_anew()
        _WRITERS.add(self)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._rows: list[Row | Label] = []
        self._drops = Drops()
        self._written = 0
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._files: dict[tuple[str, int], HourFile] = {}
        # lines that a full disk did not take
        self._kept: dict[tuple[str, int], list[bytes]] = {}
        self._recovered_at = float("-inf")

    def put(self, row: Row | Label) -> None:
        """Take a row, or drop it if too many wait; it takes a microsecond either way."""
        with self._lock:
            waiting = len(self._rows)
            if waiting >= self._most:
                self._drops.add(counts.FULL)
                return
            self._rows.append(row)
            if self._thread is None:
                self._start()
        if waiting % _MANY == _MANY - 1:
            self._wake.set()

    def drop(self, reason: str) -> None:
        """Count a row that never came to be one."""
        with self._lock:
            self._drops.add(reason)
            if self._thread is None:
                self._start()

    def counts(self) -> Counts:
        """What became of the rows until now."""
        with self._lock:
            waiting = len(self._rows) + sum(map(len, self._kept.values()))
            return Counts(self._written, dict(self._drops.by_reason), waiting)

    def _start(self) -> None:
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="obs-inference-log", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(self._every)
            self._wake.clear()
            with self._writing:
                self._step()

    def _step(self) -> None:
        """Write what waits, finish the hours that are over, say what was dropped."""
        now = self._clock()
        with self._lock:
            rows, self._rows = self._rows, []
        if time.monotonic() - self._recovered_at > _RECOVERY:
            self._recovered_at = time.monotonic()
            self._recover()
        for (table, hour), lines in self._by_hour(rows).items():
            self._kept.setdefault((table, hour), []).extend(lines)
        self._append()
        self._finish([key for key in self._files if (key[1] + 1) * HOUR + _GRACE <= now])
        with self._lock:
            self._drops.tell(str(self.folder), time.monotonic())

    def _by_hour(self, rows: list[Row | Label]) -> dict[tuple[str, int], list[bytes]]:
        """The rows as lines, by table and hour."""
        found: dict[tuple[str, int], list[bytes]] = {}
        for place, row in enumerate(rows):
            if place % _TURN == 0:
                time.sleep(0)
            try:
                text = line(row)
                hour = int(row.time // HOUR)
            except Exception:  # noqa: BLE001  whatever a value of the service's does when it is asked
                self.drop(counts.NOT_TEXT)
                continue
            if len(text) > _LARGEST_ROW:
                self.drop(counts.TOO_LARGE)
                continue
            table = LABELS if isinstance(row, Label) else PREDICTIONS
            found.setdefault((table, hour), []).append(text)
        return found

    def _append(self) -> None:
        for key, lines in list(self._kept.items()):
            try:
                if key not in self._files:
                    self._files[key] = HourFile(self.folder / key[0], key[1])
                self._files[key].append(b"".join(lines))
            except (OSError, ValueError, OverflowError):
                self._make_room()
                continue
            del self._kept[key]
            with self._lock:
                self._written += len(lines)
            if self._files[key].size > _LARGEST_FILE:
                self._finish([key])

    def _make_room(self) -> None:
        """Drop what a disk has not taken for long: as many rows are kept as may wait."""
        spare = self._most
        for key, lines in list(self._kept.items()):
            if len(lines) > spare:
                with self._lock:
                    self._drops.add(counts.NO_PLACE, len(lines) - spare)
                self._kept[key] = lines[:spare]
            spare -= min(spare, len(lines))

    def _finish(self, keys: list[tuple[str, int]]) -> None:
        for key in keys:
            try:
                self._files.pop(key).finish(self._finished)
            except Exception:  # noqa: BLE001  the lines are whole where they are, and are tried again
                self._recovered_at = float("-inf")

    def _recover(self) -> None:
        for table in (PREDICTIONS, LABELS):
            recover(self.folder / table, self._finished)

    def close(self) -> None:
        """Write all that waits, and let it be read. Rows that come later begin new files."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopped = True
        self._wake.set()
        if thread is None:
            return
        with self._writing:
            self._step()
            self._finish(list(self._files))
            with self._lock:
                for lines in self._kept.values():
                    self._drops.add(counts.NO_PLACE, len(lines))
                self._kept.clear()
                self._drops.tell(str(self.folder), time.monotonic(), last=True)

    def forked(self) -> None:
        """Begin anew in a child: rows and files are the parent's."""
        for file in self._files.values():
            file.forget()
        self._begin_anew()


_WRITERS: WeakSet[Writer] = WeakSet()


def _close_all() -> None:
    for writer in list(_WRITERS):
        writer.close()


def _all_forked() -> None:
    for writer in list(_WRITERS):
        writer.forked()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_all_forked)
