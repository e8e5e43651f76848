"""What a measured program tells: how long its phases took. Only the standard library, for peers import it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


class Clock:
    """Times imports and phases; `report` prints them as the program's last line."""

    def __init__(self) -> None:
        self._imports = 0.0
        self._phases: dict[str, float] = {}
        self._cpu = 0.0

    @contextlib.contextmanager
    def importing(self) -> Iterator[None]:
        """Time what is loaded before the work: libraries, and whatever they load at first use."""
        began = time.perf_counter()
        yield
        self._imports += time.perf_counter() - began

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase of the work; a name that comes again adds up."""
        began, busy = time.perf_counter(), time.process_time()
        yield
        self._cpu += time.process_time() - busy
        self._phases[name] = self._phases.get(name, 0.0) + time.perf_counter() - began

    def report(self, **facts: Any) -> None:
        """Print what was measured, with facts about the work (sizes, counts)."""
        told = {"imports": self._imports, "phases": self._phases, "cpu": self._cpu, "facts": facts}
        print(json.dumps(told))


def run(main: Callable[..., None]) -> None:
    """Call a program's main function with the keyword arguments that stand as JSON on its command line."""
    main(**json.loads(sys.argv[1]))
