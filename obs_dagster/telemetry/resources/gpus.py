"""Graphics processors by NVML, NVIDIA's library; the Python package is optional (extra `gpu`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


@dataclass(frozen=True, slots=True)
class GpusNow:
    """How the graphics processors are doing.

    Attributes:
        busy: the share of time that kernels ran in the library's last period, their average, 0 to 1.
        memory: bytes that are used of their memory together.
    """

    busy: float
    memory: int


def gpus_now() -> GpusNow | None:
    """How they are doing now; None where there are none, or nobody can ask them."""
    library = _library()
    if library is None:
        return None
    try:
        devices = [library.nvmlDeviceGetHandleByIndex(each) for each in range(library.nvmlDeviceGetCount())]
        if not devices:
            return None
        busy = [library.nvmlDeviceGetUtilizationRates(each).gpu for each in devices]
        memory = sum(int(library.nvmlDeviceGetMemoryInfo(each).used) for each in devices)
    except library.NVMLError:
        # a processor may fall off the bus, or may not tell: MIG devices have no utilisation
        return None
    return GpusNow(sum(busy) / len(busy) / 100, memory)


@cache
def _library() -> ModuleType | None:
    """NVML, ready to be asked; None without the package, the driver or a processor."""
    if find_spec("pynvml") is None:
        return None
    library = import_module("pynvml")
    try:
        library.nvmlInit()
    except library.NVMLError:
        return None
    return library
