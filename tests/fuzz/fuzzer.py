"""What a fuzzer is: inputs as the bytes of a file, and what must hold of each."""

from __future__ import annotations

import faulthandler
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from tests.faults.processes import Ended, start

CORPUS = Path(__file__).parent / "corpus"
HANGS = 60.0
"""Seconds that one input may take at most, on a machine with much else to do."""


@dataclass(frozen=True)
class Fuzzer:
    """Inputs of a kind.

    Attributes:
        name: what it is called, and the folder of its corpus.
        suffix: of its files.
        inputs: makes the bytes of a file.
        check: is given a file in a folder of its own; raises if anything is not as it must be.
    """

    name: str
    suffix: str
    inputs: SearchStrategy[bytes]
    check: Callable[[Path], None]

    def corpus(self) -> list[Path]:
        """The inputs that once failed, and those that show what there is."""
        return sorted((CORPUS / self.name).glob(f"*{self.suffix}"))

    def replay(self, data: bytes) -> None:
        """Check one input."""
        with TemporaryDirectory(prefix="obs-fuzz-") as folder:
            file = Path(folder, f"input{self.suffix}")
            file.write_bytes(data)
            self.check(file)


def fuzz(fuzzer: Fuzzer, *, seed: int, examples: int, place: Path) -> tuple[Ended, Path]:
    """Try inputs in a process of its own, which ends if one of them hangs or crashes.

    Args:
        fuzzer: makes and checks them.
        seed: which ones.
        examples: how many.
        place: a folder; what failed is in it, as small as it can be.

    Returns:
        How the process ended, and the file of the last input, which is the one that failed.
    """
    place.mkdir(parents=True, exist_ok=True)
    last = place / f"last{fuzzer.suffix}"
    return start(partial(_all, fuzzer, seed, examples, last), place).ended(), last


def _all(fuzzer: Fuzzer, seed: int, examples: int, last: Path) -> None:
    hung = (last.parent / "hung").open("w")
    tried = 0

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(fuzzer.inputs)
    def each(data: bytes) -> None:
        nonlocal tried
        tried += 1
        last.write_bytes(data)
        faulthandler.dump_traceback_later(HANGS, exit=True, file=hung)
        try:
            fuzzer.replay(data)
        finally:
            faulthandler.cancel_dump_traceback_later()

    each()
    (last.parent / "tried").write_text(str(tried))
