"""The program of the process that loads and runs models apart from the night; `explain/apart.py` starts it.

Its first steps come before anything else is imported: limits of memory, no core file, and no network where
the system lets a process give that up. Results leave as JSON, so whatever a model's code makes of this
process, the night reads plain data.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import resource
import sys
import threading
import traceback
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000


def give_up_network() -> bool:
    """Leave the network, also loopback, for an empty one; returns whether the system allowed it."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        # not a Linux
        return False
    if unshare(_NEW_NETWORK) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if unshare(_NEW_USER | _NEW_NETWORK) != 0:
        return False
    # files are made as the user that it still is
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    return True


def limit(memory: int) -> None:
    """Have allocations beyond so many bytes fail, and a crash leave no file of what was in memory."""
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Read what there is to do from standard input, and write what came of each day to a descriptor."""
    answers, memory = (int(argument) for argument in sys.argv[1:3])
    limit(memory)
    with contextlib.suppress(OSError):
        give_up_network()
    length = int.from_bytes(_read(8), "big")
    # from the night's own process, which is trusted; what goes the other way is not, and no pickle
    explained = pickle.loads(_read(length))  # noqa: S301
    threading.Thread(target=_end_with_night, daemon=True).start()
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        try:
            for found in explained():
                # NumPy's numbers are floats here
                out.write(json.dumps([each.to_json() for each in found], default=float) + "\n")
                out.flush()
        except Exception as error:
            # what says what to do about it is told as it is
            if (remedy := getattr(error, "remedy", None)) is None:
                raise
            out.write(json.dumps({"message": getattr(error, "message", ""), "remedy": remedy}) + "\n")


def _read(length: int) -> bytes:
    """So many bytes of standard input, without a buffer that a thread could hold at the end."""
    found = bytearray()
    while len(found) < length and (block := os.read(0, length - len(found))):
        found += block
    return bytes(found)


def _end_with_night() -> None:
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # noqa: BLE001  said, and the end of the process, whatever it was
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
