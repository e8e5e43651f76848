"""Filters that match nothing: what there is in their place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from jobs.cli.choice import require
from jobs.cli.console import ERRORS

Filters = Mapping[str, Collection[str] | None]
"""The values that are wanted, by the name of the option; None or none: all."""

_MOST = 20


def require_known(
    wanted: Filters, matched: Mapping[str, Collection[str]], known: Callable[[str], Iterable[str]]
) -> None:
    """Complain of a value that there is nowhere, whatever the other filters say.

    Args:
        wanted: the filters.
        matched: the values that what was found has, by option; these are not looked for.
        known: all values that there are of an option; empty ones stand for the whole.

    Raises:
        UsageError: there is none of such a value; the remedy gives the nearest, and all.
    """
    for option, values in wanted.items():
        missing = [value for value in values or () if value and value not in matched.get(option, ())]
        if missing:
            names = {name for name in known(option) if name}
            for value in missing:
                require(value, names, option)


def tell_unmatched(what: str, wanted: Filters, without: Callable[[str], Iterable[str]]) -> None:
    """Say that filters match nothing together, and what would if one of them were not there.

    Args:
        what: what was looked for, in the plural.
        wanted: the filters.
        without: the values of an option that there are, going by all others.
    """
    given = [option for option, values in wanted.items() if values]
    ERRORS.print(f"No {what} match all of that.", markup=False, highlight=False)
    for option in given:
        if there := [each or "''" for each in without(option)]:
            ERRORS.print(f"  of --{option} there are: {_listed(there)}", markup=False, highlight=False)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"
