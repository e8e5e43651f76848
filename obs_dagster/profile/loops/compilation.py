"""Functions compiled to machine code.

What was compiled is kept beside the source, or in the user's cache where the installation is read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """The function compiled at its first call; it holds no lock, so that threads run it side by side."""
    try:
        return cast("F", numba.njit(function, nogil=True, cache=True))
    except RuntimeError:
        # there is no place to keep what was compiled: every process compiles it anew
        return cast("F", numba.njit(function, nogil=True))
