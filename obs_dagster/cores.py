"""How many cores this process may use: fewer than the machine has, where it shares them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from obs_dagster.errors import ObsError

VARIABLE = "OBS_CORES"
"""The environment's variable for the most cores that are used."""


class CoresError(ObsError):
    """The environment does not say how many cores may be used, but something else."""


def cores(root: Path = Path("/")) -> int:
    """How many threads or processes get a core each, at least one.

    The least of what the environment says, the cores that the process is bound to (`taskset`, a container's
    `cpuset`) and the time that its control group gets (`docker run --cpus`), rounded up.

    Args:
        root: where the folders `proc` and `sys` are.

    Raises:
        CoresError: the variable's value is no number of cores.
    """
    # Python 3.13 has it as `os.process_cpu_count`
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = _wanted()
    known = [bound, *map(math.ceil, _quotas(root))]
    return max(1, min(known if wanted is None else [*known, wanted]))


def _wanted() -> int | None:
    value = os.environ.get(VARIABLE, "")
    if not value:
        return None
    if not value.isdecimal() or int(value) < 1:
        raise CoresError(
            f"{VARIABLE} is {value!r}, which is no number of cores.",
            remedy="Set it to 1 or more, or unset it to use all cores.",
        )
    return int(value)


def _quotas(root: Path) -> Iterator[float]:
    """The cores that the process's control group and those around it get (version 2 of control groups)."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for group in (PurePosixPath(line.removeprefix("0::/")) for line in lines if line.startswith("0::/")):
        for each in (group, *group.parents):
            try:
                quota, period = (root / "sys/fs/cgroup" / each / "cpu.max").read_text("utf-8").split()
            except (OSError, ValueError):
                continue
            if quota != "max":
                yield int(quota) / int(period)
