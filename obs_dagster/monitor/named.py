"""What was asked for by name, where it must be one of those that there are."""

from __future__ import annotations

from collections.abc import Collection

from obs_dagster.errors import ObsError
from obs_dagster.monitor.problem import clipped, nearest, quoted

#: How many names an error lists.
_MOST = 100


class UnknownNameError(ObsError):
    """Something was asked for that there is not."""


def require(name: str, names: Collection[str], kind: str) -> None:
    """Complain unless the name is one of those there are.

    Raises:
        UnknownNameError: it is not; the remedy gives the nearest, and all.
    """
    if name in names:
        return
    listed = [clipped(each) for each in sorted(names)]
    more = f" and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    meant = nearest(str(name), names)
    remedy = f"Did you mean {quoted(meant)}? " if meant else ""
    remedy += f"There are: {', '.join(listed[:_MOST])}{more}." if listed else "There is none at all."
    raise UnknownNameError(f"There is no {kind} named {quoted(str(name))}.", remedy=remedy)
