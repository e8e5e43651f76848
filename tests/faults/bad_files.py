"""Log files that cannot be read, or are not what they were: the day says so until they are mended."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.faults.case import Case
from tests.faults.laboratory import QUIET, Laboratory
from tests.faults.processes import apart
from tests.faults.world import NIGHT, evaluate

TOLD = (
    "history metric_history",
    "history alert",
    "history incidents",
    "history outbox",
    "history deliveries",
    "taken",
)
"""What tells of the bad file still when it is mended."""


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _footer(data: bytes, chance: random.Random) -> bytes:
    length = int.from_bytes(data[-8:-4], "little")
    return _flipped(data, chance, len(data) - 8 - length, len(data))


def _pages(data: bytes, chance: random.Random) -> bytes:
    length = int.from_bytes(data[-8:-4], "little")
    return _flipped(data, chance, 4, len(data) - 8 - length)


def _flipped(data: bytes, chance: random.Random, first: int, last: int) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 3, 20])):
        changed[chance.randrange(first, last)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _hole(data: bytes, chance: random.Random) -> bytes:
    """A block that never came to disk."""
    size = chance.randrange(16, len(data) // 2)
    at = chance.randrange(len(data) - size)
    return data[:at] + bytes(size) + data[at + size :]


def _length(data: bytes, chance: random.Random) -> bytes:
    return data[:-8] + chance.choice([0, 1, len(data), 2**31 - 1, 2**32 - 1]).to_bytes(4, "little") + b"PAR1"


def _garbage(_: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        [b"", b"PAR1", b"PAR1PAR1", b"PAR1" + bytes(100) + b"PAR1", b"id,at\n1,2\n", chance.randbytes(3_000)]
    )


def _twice(data: bytes, _: random.Random) -> bytes:
    """Appended to, as if it were text."""
    return data + data[: len(data) // 2]


KINDS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": _cut,
    "footer": _footer,
    "pages": _pages,
    "hole": _hole,
    "length": _length,
    "garbage": _garbage,
    "twice": _twice,
}


def cases(number: int) -> Iterator[Case]:
    """Bad files of each kind in turn."""
    kinds = [*KINDS, "folder", "dangling"]
    for count in range(number):
        kind = kinds[count % len(kinds)]
        yield Case("files", f"{kind}, {count}", partial(_bad, kind, count))


def _bad(kind: str, count: int, laboratory: Laboratory) -> int:
    world = laboratory.put_back(QUIET)
    file, whole = world.log(NIGHT), world.root / "whole"
    shutil.copy2(file, whole)
    _spoil(file, kind, random.Random(count))  # noqa: S311  nothing secret
    laboratory.must_be_told(apart(partial(evaluate, world, [NIGHT]), world.root))
    file.rmdir() if file.is_dir() else file.unlink()
    shutil.move(whole, file)
    laboratory.complete(without=TOLD)
    return 1


def _spoil(file: Path, kind: str, chance: random.Random) -> None:
    data = file.read_bytes()
    if kind in KINDS:
        file.write_bytes(KINDS[kind](data, chance))
        return
    file.unlink()
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(file.with_name("nowhere"))
